// Package diagnostics looks at a machine as Berth needs it, and says of everything that is wrong what it is and which
// command mends it. It also packs what explains a failure into one archive without secrets.
//
// It works while the daemon is down or hangs, so the command line uses it directly, and the daemon serves the same result
// to the window. It starts nothing that stays, changes nothing, and waits for nobody longer than a few seconds.
package diagnostics

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/berth-desktop/berth/backend/paths"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	OK Level = "ok"
	// Warning: Berth works, and something could be better or will soon be worse.
	Warning Level = "warning"
	// Problem: something does not work until the user mends it.
	Problem Level = "problem"
)

// Finding is what one look found.
type Finding struct {
	// Check names what was looked at, such as "disk".
	Check string `json:"check"`
	Level Level  `json:"level"`
	// Message is what is so, in words.
	Message string `json:"message"`
	// Mend is the command that mends it; it may be empty.
	Mend string `json:"mend,omitempty"`
}

// Report is all that was found.
type Report struct {
	Instance string    `json:"instance"`
	Version  string    `json:"version"`
	At       time.Time `json:"at"`
	Findings []Finding `json:"findings"`
}

// Count says how many findings are of that level.
func (r Report) Count(l Level) int {
	n := 0
	for _, f := range r.Findings {
		if f.Level == l {
			n++
		}
	}
	return n
}

// Config says what is looked at. All fields are required.
type Config struct {
	Paths paths.Paths
	// Version is that of the program that asks.
	Version string
	// Getenv reads the environment in which this user's docker command would run.
	Getenv func(string) string
}

// patience is how long one check may take. A disk or an engine that hangs must not keep the others from being told.
const patience = 3 * time.Second

type check struct {
	name string
	look func(context.Context, *subject) []Finding
}

func checks() []check {
	return append([]check{
		{"daemon", lookAtDaemon},
		{"engine", lookAtEngine},
		{"docker target", lookAtTarget},
		{"docker contexts", lookAtContexts},
		{"programs", lookAtPrograms},
		{"folders", lookAtFolders},
		{"sockets", lookAtSockets},
		{"disk", lookAtDisks},
		{"clock", lookAtClock},
		{"leftovers", lookAtLeftovers},
	}, systemChecks()...)
}

// Examine makes all checks, side by side, and returns within a few seconds.
func Examine(ctx context.Context, cfg Config) Report {
	report := Report{Instance: cfg.Paths.Instance, Version: cfg.Version, At: time.Now().UTC(), Findings: []Finding{}}
	s := newSubject(ctx, cfg)
	all := checks()
	answers := make([]chan []Finding, len(all))
	for i, c := range all {
		answers[i] = make(chan []Finding, 1)
		limited, cancel := context.WithTimeout(ctx, patience)
		go func() {
			defer cancel()
			answers[i] <- c.look(limited, s)
		}()
	}
	late := time.NewTimer(patience + time.Second)
	defer late.Stop()
	expired := false
	for i, c := range all {
		if !expired {
			select {
			case found := <-answers[i]:
				report.Findings = append(report.Findings, named(c.name, found)...)
				continue
			case <-late.C:
				expired = true
			}
		}
		select {
		case found := <-answers[i]:
			report.Findings = append(report.Findings, named(c.name, found)...)
		default: // a call to the system that does not come back, such as on a disk that hangs
			report.Findings = append(report.Findings, Finding{Check: c.name, Level: Warning, Message: fmt.Sprintf("There was no answer within %s.", patience)})
		}
	}
	return report
}

func named(name string, found []Finding) []Finding {
	for i := range found {
		found[i].Check = name
	}
	return found
}

// Path is where the daemon serves Handler.
const Path = "/local/doctor"

// Handler serves Examine's result as JSON, and with "?ways" that of Ways. Whoever mounts it answers for its callers.
func Handler(cfg Config) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if asksForWays(r) {
			_ = json.NewEncoder(w).Encode(Ways(r.Context(), cfg)) // who asked has gone
			return
		}
		_ = json.NewEncoder(w).Encode(Examine(r.Context(), cfg)) // who asked has gone
	})
}

func ok(format string, args ...any) Finding {
	return Finding{Level: OK, Message: fmt.Sprintf(format, args...)}
}

func warning(mend, format string, args ...any) Finding {
	return Finding{Level: Warning, Message: fmt.Sprintf(format, args...), Mend: mend}
}

func problem(mend, format string, args ...any) Finding {
	return Finding{Level: Problem, Message: fmt.Sprintf(format, args...), Mend: mend}
}

// quote makes a word safe to paste into a shell.
func quote(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+:@%=", r)
	}
	if word != "" && !slices.ContainsFunc([]rune(word), func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
