// Package desktop lets the page see and change what belongs to this user's desktop and not to an engine: whether Berth
// starts at login, and which engine the docker command uses. The command line knows how each system does that (`berth
// autostart`, `berth context`), so it is asked, as the user would. Only package backend uses it.
package desktop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"time"
)

// Path is where the daemon serves Handler.
const Path = "/local/desktop"

const (
	// patience is how long one command may take: the user's systemd takes a while where it hangs.
	patience = 15 * time.Second
	// maxBody is far more than a wish is long.
	maxBody = 1 << 10
)

// Config is what a Handler needs. All fields are required.
type Config struct {
	// Program finds the berth that is asked.
	Program func() (string, error)
	// Environ is the environment that it is asked in: this instance's.
	Environ []string
}

// State is how things stand. What could not be found out says why.
type State struct {
	Autostart      json.RawMessage `json:"autostart,omitempty"`
	AutostartError string          `json:"autostartError,omitempty"`
	Context        json.RawMessage `json:"context,omitempty"`
	ContextError   string          `json:"contextError,omitempty"`
}

// Wish is what shall be so. What is left out stays as it is.
type Wish struct {
	// Autostart says whether Berth shall start at login.
	Autostart *bool `json:"autostart,omitempty"`
	// Context says whether the docker command shall use Berth's engine, or again what it used before.
	Context *bool `json:"context,omitempty"`
}

// Handler answers GET with a State, and POST of a Wish with the State after it. Whoever mounts it answers for its callers.
func Handler(cfg Config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, func(w http.ResponseWriter, r *http.Request) { answer(w, cfg.look(r.Context())) })
	mux.HandleFunc("POST "+Path, func(w http.ResponseWriter, r *http.Request) {
		var wish Wish
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		d.DisallowUnknownFields()
		if err := d.Decode(&wish); err != nil {
			http.Error(w, "That is no wish about the desktop.", http.StatusBadRequest)
			return
		}
		if err := cfg.carryOut(r.Context(), wish); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		answer(w, cfg.look(r.Context()))
	})
	return mux
}

func answer(w http.ResponseWriter, s State) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(s) // who asked has gone
}

func (cfg Config) look(ctx context.Context) State {
	var s State
	s.Autostart, s.AutostartError = told(cfg.berth(ctx, "autostart", "status", "--format", "json"))
	s.Context, s.ContextError = told(cfg.berth(ctx, "context", "show", "--format", "json"))
	return s
}

func told(text []byte, err error) (json.RawMessage, string) {
	if err == nil && !json.Valid(text) {
		err = errors.New("the answer could not be read")
	}
	if err != nil {
		return nil, err.Error()
	}
	return text, ""
}

func (cfg Config) carryOut(ctx context.Context, wish Wish) error {
	if wish.Autostart != nil {
		if _, err := cfg.berth(ctx, "autostart", choose(*wish.Autostart, "on", "off")); err != nil {
			return err
		}
	}
	if wish.Context != nil {
		if _, err := cfg.berth(ctx, "context", choose(*wish.Context, "use", "restore")); err != nil {
			return err
		}
	}
	return nil
}

func choose(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

// berth runs one command. What it says of a failure is for people already.
func (cfg Config) berth(ctx context.Context, args ...string) ([]byte, error) {
	program, err := cfg.Program()
	if err != nil {
		return nil, fmt.Errorf("find the berth command: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = cfg.Environ
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if said := strings.TrimSpace(stderr.String()); said != "" {
			return nil, errors.New(said)
		}
		return nil, fmt.Errorf("berth %s: %w", strings.Join(args, " "), err)
	}
	return stdout.Bytes(), nil
}
