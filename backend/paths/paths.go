// Package paths says where things live. It makes nothing: whoever needs a folder makes it and reports the error.
package paths

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/adrg/xdg"
)

const (
	// DefaultInstance is the instance of a user who asked for none.
	DefaultInstance = "berth"

	// EnvInstance names the variable that selects an isolated instance.
	EnvInstance = "BERTH_INSTANCE"
	// EnvHome names the variable that puts all folders of an instance under one.
	EnvHome = "BERTH_HOME"

	// maxSocket is what the shortest sun_path among our systems holds (macOS: 104 bytes with the final NUL).
	maxSocket = 103

	runtimeMark = "runtime"
)

var validInstance = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// Paths are the places of one instance. It is a value: two of them may be used in one process.
type Paths struct {
	// Instance is its name.
	Instance string
	// State holds what must outlive a restart: API objects, logs.
	State string
	// Data holds what is large: the engine's images, containers and volumes.
	Data string
	// Runtime holds sockets. Only the user may enter it.
	Runtime string
}

// FromEnvironment reads BERTH_INSTANCE and BERTH_HOME through getenv.
func FromEnvironment(getenv func(string) string) (Paths, error) {
	instance := getenv(EnvInstance)
	if instance == "" {
		instance = DefaultInstance
	}
	if !validInstance.MatchString(instance) {
		return Paths{}, fmt.Errorf("%s=%q is not a name: use up to 32 of a-z, 0-9 and '-', not starting with '-'", EnvInstance, instance)
	}
	if home := getenv(EnvHome); home != "" {
		abs, err := filepath.Abs(home)
		if err != nil {
			return Paths{}, fmt.Errorf("resolve %s=%q: %w", EnvHome, home, err)
		}
		return under(abs, instance)
	}
	p := Paths{
		Instance: instance,
		State:    filepath.Join(xdg.StateHome, instance),
		Data:     filepath.Join(xdg.DataHome, instance),
	}
	p.Runtime = runtime(p.State, xdg.RuntimeDir, instance, os.Geteuid() == 0)
	return p, p.check()
}

// runtime is where a daemon that runs has said that its sockets are, or else the session's folder, or else one below the
// state: a user who came by su or cron has no session, and the daemon of one may live on when the session has ended.
func runtime(state, session, instance string, root bool) string {
	if text, err := os.ReadFile(filepath.Join(state, runtimeMark)); err == nil && isFolder(string(text)) {
		return string(text)
	}
	if root || isFolder(session) {
		return filepath.Join(session, instance)
	}
	return filepath.Join(state, "run")
}

func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

func under(home, instance string) (Paths, error) {
	if instance != DefaultInstance {
		home = filepath.Join(home, instance)
	}
	p := Paths{
		Instance: instance,
		State:    filepath.Join(home, "state"),
		Data:     filepath.Join(home, "data"),
		Runtime:  filepath.Join(home, "run"),
	}
	return p, p.check()
}

func (p Paths) check() error {
	if s := p.EngineSocket(); len(s) > maxSocket {
		return fmt.Errorf("the socket path %s has %d bytes and the system allows %d: set %s to a shorter folder", s, len(s), maxSocket, EnvHome)
	}
	return nil
}

// Objects is where API objects that outlive the daemon are kept, one file each.
func (p Paths) Objects() string { return filepath.Join(p.State, "objects") }

// Activity is what remembers what happened.
func (p Paths) Activity() string { return filepath.Join(p.State, "activity.jsonl") }

// Kubeconfig is the file that stock kubectl and its like use; it holds the token.
func (p Paths) Kubeconfig() string { return filepath.Join(p.State, "kubeconfig") }

// StateMark is the file that says which version has written the state.
func (p Paths) StateMark() string { return filepath.Join(p.State, "version.json") }

// StartupTimes is the file that remembers how long starts took.
func (p Paths) StartupTimes() string { return filepath.Join(p.State, "startup-times.json") }

// Logs is the folder of the daemon's and the engine's logs.
func (p Paths) Logs() string { return filepath.Join(p.State, "logs") }

// DaemonLog is the daemon's log.
func (p Paths) DaemonLog() string { return filepath.Join(p.Logs(), "berth.log") }

// Lock is the file that the one daemon of this instance holds locked. It lies with what two daemons must not share.
func (p Paths) Lock() string { return filepath.Join(p.State, "lock") }

// RuntimeMark is the file in which the daemon says what Runtime is, for faces of another session.
func (p Paths) RuntimeMark() string { return filepath.Join(p.State, runtimeMark) }

// APISocket is where the daemon serves its API to our faces.
func (p Paths) APISocket() string { return filepath.Join(p.Runtime, "api.sock") }

// EngineSocket is where docker clients reach the engine that Berth houses.
func (p Paths) EngineSocket() string { return filepath.Join(p.Runtime, "docker.sock") }

// RemoteSocket is where docker clients reach an engine elsewhere that takes certificates or ssh to reach.
func (p Paths) RemoteSocket() string { return filepath.Join(p.Runtime, "remote.sock") }

// EngineRun holds the engine's pid file and exec root.
func (p Paths) EngineRun() string { return filepath.Join(p.Runtime, "engine") }

// EngineData is the engine's data root.
func (p Paths) EngineData() string { return filepath.Join(p.Data, "engine") }

// Machines is the home of the virtual machines: a folder each, and one with the disks of their engines. Sockets lie in
// it.
func (p Paths) Machines() string { return filepath.Join(p.Data, "lima") }

// EngineLog is the engine's log.
func (p Paths) EngineLog() string { return filepath.Join(p.Logs(), "engine.log") }
