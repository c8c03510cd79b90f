package dockercontext

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// user is one who has docker's command line.
type user struct {
	t    *testing.T
	home string
}

func newUser(t *testing.T) user {
	t.Helper()
	home, err := os.MkdirTemp("", "dc") //nolint:usetesting // t.TempDir's names are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	return user{t, home}
}

func (u user) place(instance string) Place {
	return Place{Name: instance, Dir: filepath.Join(u.home, ".docker"), State: filepath.Join(u.home, "state-"+instance)}
}

func (u user) docker(args ...string) string {
	u.t.Helper()
	cmd := exec.CommandContext(u.t.Context(), "docker", args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + u.home, "DOCKER_CONFIG=" + filepath.Join(u.home, ".docker")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		u.t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// engine is something that answers a ping, with its address.
func (u user) engine(name string) string {
	u.t.Helper()
	socket := filepath.Join(u.home, name)
	l, err := new(net.ListenConfig).Listen(u.t.Context(), "unix", socket)
	if err != nil {
		u.t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})} //nolint:gosec // the test's own
	served := make(chan struct{})
	go func() { defer close(served); _ = s.Serve(l) }()
	u.t.Cleanup(func() { _ = s.Close(); <-served })
	return "unix://" + socket
}

func (u user) write(name, text string) string {
	u.t.Helper()
	file := filepath.Join(u.home, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		u.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		u.t.Fatal(err)
	}
	return file
}

func (u user) read(name string) string {
	u.t.Helper()
	text, err := os.ReadFile(filepath.Join(u.home, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		u.t.Fatal(err)
	}
	return string(text)
}

func (u user) offer(p Place, endpoint string) bool {
	u.t.Helper()
	switched, err := p.Offer(u.t.Context(), endpoint)
	if err != nil {
		u.t.Fatalf("Offer: %v", err)
	}
	return switched
}

func (u user) withdraw(p Place) {
	u.t.Helper()
	if err := p.Withdraw(); err != nil {
		u.t.Fatalf("Withdraw: %v", err)
	}
}

func (u user) wantCurrent(want string) {
	u.t.Helper()
	if got := u.docker("context", "show"); got != want {
		u.t.Errorf("docker's current context is %q, want %q", got, want)
	}
}

func TestDockerKnowsTheContextWhileItIsOffered(t *testing.T) {
	u := newUser(t)
	u.write(".docker/config.json", `{"currentContext":"mine"}`)
	u.docker("context", "create", "mine", "--docker", "host="+u.engine("mine.sock"))
	p := u.place("berth")
	if u.offer(p, "unix:///b.sock") {
		t.Error("a current context that works was switched")
	}
	if got := u.docker("context", "inspect", "berth", "--format", "{{.Endpoints.docker.Host}}"); got != "unix:///b.sock" {
		t.Errorf("docker takes it for %q", got)
	}
	if ls := u.docker("context", "ls"); !strings.Contains(ls, "berth") {
		t.Errorf("docker context ls lacks it:\n%s", ls)
	}
	u.wantCurrent("mine")
	u.offer(p, "unix:///c.sock")
	if got := u.docker("context", "inspect", "berth", "--format", "{{.Endpoints.docker.Host}}"); got != "unix:///c.sock" {
		t.Errorf("after a move docker takes it for %q", got)
	}
	u.withdraw(p)
	if ls := u.docker("context", "ls", "-q"); ls != "default\nmine" {
		t.Errorf("docker context ls = %q", ls)
	}
	if left, _ := filepath.Glob(filepath.Join(u.home, "state-berth", "docker-context.json")); len(left) > 0 {
		t.Error("something is remembered that is over")
	}
}

func TestADeadOrMissingCurrentContextIsSwitchedAndPutBack(t *testing.T) {
	for _, c := range []struct{ name, config string }{
		{"missing", `{"auths":{},"currentContext":"gone"}`},
		{"dead", `{"currentContext":"dead","x":[1]}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := newUser(t)
			u.docker("context", "create", "dead", "--docker", "host=unix:///nowhere/d.sock")
			u.write(".docker/config.json", c.config)
			p := u.place("berth")
			if !u.offer(p, "unix:///b.sock") {
				t.Error("it was not switched")
			}
			u.wantCurrent("berth")
			u.withdraw(u.place("berth")) // as the next daemon would, after one that was killed
			if got := u.read(".docker/config.json"); got != c.config {
				t.Errorf("config.json is %s, was %s", got, c.config)
			}
		})
	}
}

func TestSettingsThatDidNotExistAreGoneAgain(t *testing.T) {
	u := newUser(t)
	p := u.place("berth")
	m := memory{Dir: p.Dir}
	if err := os.MkdirAll(p.State, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := write(p.Dir, Context{Name: "berth", Endpoint: "unix:///b.sock", Owner: p.State}); err != nil {
		t.Fatal(err)
	}
	if err := p.switchTo(&m, ""); err != nil {
		t.Fatal(err)
	}
	u.wantCurrent("berth")
	u.withdraw(p)
	if left, err := os.ReadDir(p.Dir); err != nil || len(left) > 0 {
		t.Errorf("left in docker's folder: %v, %v", left, err)
	}
}

func TestTheUsersOwnChoiceStays(t *testing.T) {
	u := newUser(t)
	u.docker("context", "create", "mine", "--docker", "host="+u.engine("mine.sock"))
	u.write(".docker/config.json", `{"currentContext":"gone"}`)
	p := u.place("berth")
	u.offer(p, "unix:///b.sock")
	u.docker("context", "use", "mine")
	u.offer(p, "unix:///b.sock")
	u.wantCurrent("mine")
	u.withdraw(p)
	u.wantCurrent("mine")

	// Who chose ours is led away from it while it is not there, and comes back.
	u.offer(p, "unix:///b.sock")
	u.docker("context", "use", "berth")
	u.withdraw(p)
	u.wantCurrent("default")
	u.offer(p, "unix:///b.sock")
	u.wantCurrent("berth")
	u.withdraw(p)
	u.wantCurrent("default")
	u.docker("context", "use", "mine")
	u.offer(p, "unix:///b.sock")
	u.wantCurrent("mine")
}

func TestOthersContextsAreLeftAlone(t *testing.T) {
	u := newUser(t)
	u.docker("context", "create", "berth", "--docker", "host=unix:///nowhere/x.sock")
	u.docker("context", "create", "mine", "--docker", "host="+u.engine("mine.sock"))
	u.docker("context", "use", "mine")
	p := u.place("berth")
	_, err := p.Offer(t.Context(), "unix:///b.sock")
	if _, ok := errors.AsType[*TakenError](err); !ok {
		t.Errorf("Offer = %v, want a TakenError", err)
	}
	u.withdraw(p)
	if got := u.docker("context", "inspect", "berth", "--format", "{{.Endpoints.docker.Host}}"); got != "unix:///nowhere/x.sock" {
		t.Errorf("the user's own context is now %q", got)
	}
	u.docker("context", "rm", "berth")

	// Another Berth's is, as long as that lives.
	other := p
	other.State = filepath.Join(u.home, "other")
	live := u.engine("o.sock")
	u.offer(other, live)
	if _, err := p.Offer(t.Context(), "unix:///b.sock"); err == nil {
		t.Error("the context of a Berth that lives was taken")
	}
	u.offer(other, "unix:///nowhere/o.sock")
	u.offer(p, "unix:///b.sock")
	u.withdraw(other)
	if c, err := Find(p.Dir, "berth"); err != nil || c.Owner != p.State {
		t.Errorf("the context is %+v, %v", c, err)
	}
}

func TestInstancesHaveAContextEach(t *testing.T) {
	u := newUser(t)
	u.docker("context", "create", "mine", "--docker", "host="+u.engine("mine.sock"))
	u.docker("context", "use", "mine")
	u.offer(u.place("berth"), "unix:///a.sock")
	u.offer(u.place("two"), "unix:///b.sock")
	if ls := u.docker("context", "ls", "-q"); ls != "berth\ndefault\nmine\ntwo" {
		t.Errorf("docker context ls = %q", ls)
	}
	u.withdraw(u.place("two"))
	if ls := u.docker("context", "ls", "-q"); ls != "berth\ndefault\nmine" {
		t.Errorf("docker context ls = %q", ls)
	}
}

func TestSettingsKeepTheirModeAndTheirLink(t *testing.T) {
	u := newUser(t)
	real := u.write("dotfiles/docker.json", `{"currentContext":"gone"}`)
	if err := os.Chmod(real, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(u.home, ".docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(u.home, ".docker", "config.json")
	if err := os.Symlink("../dotfiles/docker.json", link); err != nil {
		t.Fatal(err)
	}
	u.offer(u.place("berth"), "unix:///b.sock")
	u.wantCurrent("berth")
	if to, err := os.Readlink(link); err != nil || to != "../dotfiles/docker.json" {
		t.Errorf("the link leads to %q, %v", to, err)
	}
	if info, err := os.Stat(real); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(u.home, "*", ".berth-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestHostileSettingsAreLeftAloneAndReported(t *testing.T) {
	for name, prepare := range map[string]func(u user, file string){
		"broken":   func(u user, _ string) { u.write(".docker/config.json", `{"auths": {`) },
		"a list":   func(u user, _ string) { u.write(".docker/config.json", `[1]`) },
		"two":      func(u user, _ string) { u.write(".docker/config.json", `{}{}`) },
		"a number": func(u user, _ string) { u.write(".docker/config.json", `{"currentContext":1}`) },
		"read-only": func(u user, file string) {
			u.write(".docker/config.json", `{"currentContext":"gone"}`)
			_ = os.Chmod(file, 0o400)
		},
		"a folder": func(_ user, file string) { _ = os.MkdirAll(file, 0o700) },
		"a circle": func(_ user, file string) { _ = os.MkdirAll(filepath.Dir(file), 0o700); _ = os.Symlink(file, file) },
		"huge":     func(u user, _ string) { u.write(".docker/config.json", "{"+strings.Repeat(" ", maxFile)+"}") },
	} {
		t.Run(name, func(t *testing.T) {
			u := newUser(t)
			p := u.place("berth")
			file := filepath.Join(p.Dir, "config.json")
			prepare(u, file)
			before := u.look(file)
			if _, err := p.Offer(t.Context(), "unix:///b.sock"); err == nil {
				t.Error("Offer says nothing")
			}
			if _, err := Find(p.Dir, "berth"); err != nil {
				t.Errorf("`docker --context berth` has to work all the same: %v", err)
			}
			_ = p.Withdraw() // it may report the file again
			if _, err := Find(p.Dir, "berth"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the context is left: %v", err)
			}
			if after := u.look(file); before != after {
				t.Errorf("the file was %q and is %q", before, after)
			}
		})
	}
}

func TestAFolderThatDockerDidNotHaveIsGoneAgain(t *testing.T) {
	u := newUser(t)
	p := u.place("berth")
	u.offer(p, "unix:///b.sock")
	u.withdraw(p)
	if _, err := os.Stat(p.Dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("docker's folder is left: %v", err)
	}
	if err := os.Mkdir(p.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	u.offer(p, "unix:///b.sock")
	u.withdraw(p)
	if _, err := os.Stat(p.Dir); err != nil {
		t.Errorf("the user's own folder is gone: %v", err)
	}
}

// look describes what is at a place, whatever that is.
func (u user) look(file string) string {
	u.t.Helper()
	info, err := os.Lstat(file)
	if err != nil {
		u.t.Fatal(err)
	}
	text, _ := os.ReadFile(file) // a folder or a circle has none
	return info.Mode().String() + string(text[:min(len(text), 1000)])
}

func TestUseAndRestore(t *testing.T) {
	u := newUser(t)
	u.docker("context", "create", "mine", "--docker", "host="+u.engine("mine.sock"))
	u.docker("context", "use", "mine")
	p := u.place("berth")
	if err := p.Use(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Use() of what is not there = %v", err)
	}
	u.offer(p, "unix:///b.sock")
	if err := p.Use(); err != nil {
		t.Fatal(err)
	}
	u.wantCurrent("berth")
	if s, err := p.Look(); err != nil || !s.Switched || s.Previous != "mine" || s.Current != "berth" || s.Context == nil {
		t.Errorf("Look() = %+v, %v", s, err)
	}
	if to, err := p.Restore(); err != nil || to != "mine" {
		t.Errorf("Restore() = %q, %v", to, err)
	}
	u.wantCurrent("mine")
	if err := p.Use(); err != nil {
		t.Fatal(err)
	}
	u.withdraw(p)
	u.wantCurrent("mine")
}

func TestDockerMayWriteAtTheSameTime(t *testing.T) {
	u := newUser(t)
	u.write(".docker/config.json", `{"currentContext":"gone"}`)
	p := u.place("berth")
	done := make(chan error, 1)
	go func() {
		var err error
		for range 50 {
			_, offered := p.Offer(context.WithoutCancel(t.Context()), "unix:///b.sock")
			err = errors.Join(err, offered, p.Withdraw())
		}
		done <- err
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			if now, err := Current(p.Dir); err != nil || now == "berth" {
				t.Errorf("Current() = %q, %v", now, err)
			}
			return
		default:
			u.docker("context", "ls") // which must never read half a file
		}
	}
}
