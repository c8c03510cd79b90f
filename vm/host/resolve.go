package host

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/berth-desktop/berth/vm"
)

// Target is the engine that docker clients of this user would talk to.
type Target struct {
	// Endpoint is its address, unix://…, tcp://… or ssh://….
	Endpoint string
	// Origin says where that was found, for people: "DOCKER_HOST", "the Docker context colima".
	Origin string

	keys *keyring // nil where no TLS is spoken
}

// defaultContext is docker's name for "no context".
const defaultContext = "default"

// Resolve finds the engine that is meant: host (an endpoint or a context's name) if it is set, else as the docker
// command does it: DOCKER_HOST, DOCKER_CONTEXT, the current context, the default socket.
func Resolve(host string, getenv func(string) string) (Target, error) {
	if host != "" {
		if isEndpoint(host) {
			return checked(Target{Endpoint: host, Origin: "the setting containerEngine.host", keys: keysOf(getenv)})
		}
		return contextNamed(host, "the setting containerEngine.host", getenv)
	}
	if endpoint := getenv("DOCKER_HOST"); endpoint != "" {
		if !isEndpoint(endpoint) {
			endpoint = "tcp://" + endpoint // as docker reads it
		}
		return checked(Target{Endpoint: endpoint, Origin: "DOCKER_HOST", keys: keysOf(getenv)})
	}
	if name := getenv("DOCKER_CONTEXT"); name != "" {
		return contextNamed(name, "DOCKER_CONTEXT", getenv)
	}
	name, err := currentContext(getenv)
	if err != nil {
		return Target{}, err
	}
	if name != "" {
		return contextNamed(name, "docker's current context", getenv)
	}
	return Target{Endpoint: defaultEndpoint(), Origin: "docker's default"}, nil
}

func defaultEndpoint() string {
	if runtime.GOOS == "windows" {
		return "npipe:////./pipe/docker_engine"
	}
	return "unix:///var/run/docker.sock"
}

func isEndpoint(s string) bool { return strings.Contains(s, "://") }

// checked refuses what this version cannot reach, rather than to fail later without a reason.
func checked(t Target) (Target, error) {
	if _, err := t.way(); err != nil {
		f := vm.FailureOf(err)
		f.Message = fmt.Sprintf("%s (from %s)", f.Message, t.Origin)
		return Target{}, f
	}
	return t, nil
}

// configDir is where docker's command keeps its settings.
func configDir(getenv func(string) string) string {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	home := getenv("HOME")
	if home == "" {
		home = getenv("USERPROFILE")
	}
	return filepath.Join(home, ".docker")
}

func currentContext(getenv func(string) string) (string, error) {
	path := filepath.Join(configDir(getenv), "config.json")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	var config struct{ CurrentContext string }
	if err == nil {
		err = json.Unmarshal(b, &config)
	}
	if err != nil {
		return "", &vm.Failure{Message: "Docker's settings cannot be read: " + path, Hint: "Repair that file, or set containerEngine.host", Err: err}
	}
	return config.CurrentContext, nil
}

// contextNamed finds a context among docker's. The folder of each is a hash of its name; reading all of them does not
// depend on which hash.
func contextNamed(name, asked string, getenv func(string) string) (Target, error) {
	if name == defaultContext {
		return Target{Endpoint: defaultEndpoint(), Origin: asked}, nil
	}
	dir := filepath.Join(configDir(getenv), "contexts")
	files, err := filepath.Glob(filepath.Join(escapeGlob(dir), "meta", "*", "meta.json"))
	if err != nil {
		return Target{}, fmt.Errorf("list Docker contexts: %w", err)
	}
	var unreadable error
	for _, path := range files {
		m, err := readMeta(path)
		if err != nil {
			unreadable = errors.Join(unreadable, err) // it may be the one that is looked for
			continue
		}
		if m.Name == name {
			return m.target(filepath.Join(dir, "tls", filepath.Base(filepath.Dir(path))))
		}
	}
	return Target{}, &vm.Failure{
		Message: fmt.Sprintf("There is no Docker context %q, which %s names", name, asked),
		Hint:    "See which there are (docker context ls), then choose: berth set containerEngine.host=NAME",
		Err:     unreadable,
	}
}

type meta struct {
	Name      string
	Endpoints map[string]struct {
		Host          string
		SkipTLSVerify bool
	}
}

func readMeta(path string) (meta, error) {
	var m meta
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		return m, fmt.Errorf("read %s: %w", path, err)
	}
	return m, nil
}

// target is a context's engine. tls is the folder in which its certificates would be.
func (m meta) target(tls string) (Target, error) {
	origin := "the Docker context " + m.Name
	engine := m.Endpoints["docker"]
	if engine.Host == "" {
		return Target{}, &vm.Failure{Message: origin + " names no engine", Hint: "Choose another one: docker context ls"}
	}
	t := Target{Endpoint: engine.Host, Origin: origin}
	certs, err := filepath.Glob(filepath.Join(escapeGlob(tls), "docker", "*.pem"))
	if engine.SkipTLSVerify || err == nil && len(certs) > 0 {
		t.keys = &keyring{dir: filepath.Join(tls, "docker"), verify: !engine.SkipTLSVerify}
	}
	return checked(t)
}

// escapeGlob keeps the characters of a path from being a pattern. Windows has no escapes, and no such names.
func escapeGlob(path string) string {
	if runtime.GOOS == "windows" {
		return path
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
