package diagnostics

import (
	"context"
	"encoding/json"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/berth-desktop/berth/backend/paths"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// machine is a home with an environment.
type machine struct {
	t   *testing.T
	env map[string]string
	cfg Config
}

func newMachine(t *testing.T) machine {
	t.Helper()
	home, err := os.MkdirTemp("", "dg") //nolint:usetesting // t.TempDir's names are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	env := map[string]string{"HOME": home, paths.EnvHome: filepath.Join(home, "b")}
	getenv := func(name string) string { return env[name] }
	p, err := paths.FromEnvironment(getenv)
	if err != nil {
		t.Fatal(err)
	}
	return machine{t, env, Config{Paths: p, Version: "v1", Getenv: getenv}}
}

func (m machine) write(file, text string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		m.t.Fatal(err)
	}
}

func (m machine) docker(name string) string { return filepath.Join(m.env["HOME"], ".docker", name) }

// listen makes a socket that accepts and says nothing, until the test ends.
func (m machine) listen(socket string) {
	m.t.Helper()
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		m.t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(m.t.Context(), "unix", socket)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = l.Close() })
}

func TestDoctorSaysWhatIsWrongAndWhatMendsIt(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(machine)
		level   Level
		check   string
		says    string
		mend    string
	}{
		{"a clean home", func(machine) {}, OK, "daemon", "not running", ""},
		{"a daemon that hangs", func(m machine) {
			m.listen(m.cfg.Paths.APISocket())
			m.write(m.cfg.Paths.Lock(), "4711")
		}, Problem, "daemon", "does not answer", "kill -9 4711"},
		{"DOCKER_HOST at nobody", func(m machine) { m.env["DOCKER_HOST"] = "unix:///nowhere/d.sock" }, Warning, "docker target", "DOCKER_HOST", "unset DOCKER_HOST"},
		{"DOCKER_HOST with a password", func(m machine) { m.env["DOCKER_HOST"] = "tcp://u:hunter2@far:2376" }, OK, "docker target", "tcp://<redacted>@far:2376", ""},
		{"DOCKER_CONTEXT that is not there", func(m machine) { m.env["DOCKER_CONTEXT"] = "gone" }, Problem, "docker target", `"gone" (DOCKER_CONTEXT)`, "unset DOCKER_CONTEXT"},
		{"a current context that is not there", func(m machine) {
			m.write(m.docker("config.json"), `{"currentContext":"gone"}`)
		}, Problem, "docker target", "gone", "docker context use default"},
		{"broken settings of docker", func(m machine) { m.write(m.docker("config.json"), `{`) }, Problem, "docker target", "cannot be read", "python3 -m json.tool"},
		{"DOCKER_CONFIG", func(m machine) { m.env["DOCKER_CONFIG"] = "/etc/nodocker" }, OK, "docker target", "/etc/nodocker", ""},
		{"a context that leads nowhere", func(m machine) {
			m.write(m.docker("contexts/meta/x/meta.json"), `{"Name":"old","Endpoints":{"docker":{"Host":"unix:///nowhere/d.sock"}}}`)
		}, Warning, "docker contexts", "old", "docker context rm old"},
		{"our own context of a killed daemon", func(m machine) {
			m.write(m.docker("contexts/meta/x/meta.json"), `{"Name":"berth","Metadata":{"BerthState":"`+m.cfg.Paths.State+`"},"Endpoints":{"docker":{"Host":"unix:///nowhere/d.sock"}}}`)
		}, Warning, "docker contexts", "killed", "berth start"},
		{"a context that is no JSON", func(m machine) { m.write(m.docker("contexts/meta/x/meta.json"), `{`) }, Warning, "docker contexts", "cannot be read", "docker context ls"},
		{"a folder that others may enter", func(m machine) {
			m.write(filepath.Join(m.cfg.Paths.State, "x"), "")
			_ = os.Chmod(m.cfg.Paths.State, 0o755) //nolint:gosec // that is the fault
		}, Problem, "folders", "open to other users", "chmod 700"},
		{"a file where a folder should be", func(m machine) { m.write(m.cfg.Paths.State, "") }, Problem, "folders", "should be a folder", "mv "},
		{"a socket that others may open", func(m machine) {
			m.listen(m.cfg.Paths.EngineSocket())
			_ = os.Chmod(m.cfg.Paths.EngineSocket(), 0o666) //nolint:gosec // that is the fault
		}, Problem, "sockets", "open to other users", "chmod 600"},
		{"a file where a socket should be", func(m machine) { m.write(m.cfg.Paths.APISocket(), "") }, Problem, "sockets", "not a socket", "rm -r "},
		{"a socket that nobody serves", func(m machine) {
			if err := os.MkdirAll(m.cfg.Paths.Runtime, 0o700); err != nil {
				m.t.Fatal(err)
			}
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: m.cfg.Paths.EngineSocket()})
			if err != nil {
				m.t.Fatal(err)
			}
			l.SetUnlinkOnClose(false)
			_ = l.Close()
		}, Warning, "leftovers", "Nobody listens", "berth start"},
		{"the pid file of an engine that is gone", func(m machine) {
			m.write(filepath.Join(m.cfg.Paths.EngineRun(), "docker.pid"), "1")
		}, Warning, "leftovers", "is gone", "berth start"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := newMachine(t)
			c.prepare(m)
			r := Examine(t.Context(), m.cfg)
			for _, f := range r.Findings {
				if f.Check == c.check && f.Level == c.level && strings.Contains(f.Message, c.says) && strings.HasPrefix(f.Mend, c.mend) {
					return
				}
			}
			t.Errorf("no %s of %q says %q and is mended with %q:\n%+v", c.level, c.check, c.says, c.mend, r.Findings)
		})
	}
}

func TestDoctorLeavesNoTrace(t *testing.T) {
	m := newMachine(t)
	Examine(t.Context(), m.cfg)
	if left, err := os.ReadDir(m.env["HOME"]); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestDoctorWaitsForNobody(t *testing.T) {
	m := newMachine(t)
	m.listen(m.cfg.Paths.APISocket())
	m.listen(filepath.Join(m.env["HOME"], "deaf.sock"))
	m.env["DOCKER_HOST"] = "unix://" + filepath.Join(m.env["HOME"], "deaf.sock")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r := Examine(ctx, m.cfg)
	if ctx.Err() != nil || r.Count(Problem) == 0 {
		t.Errorf("Examine = %+v, %v", r, ctx.Err())
	}
}

func TestLowDisksAreTold(t *testing.T) {
	for _, c := range []struct {
		name string
		sp   space
		want Level
	}{
		{"plenty", space{bytes: 100 * gib, freeBytes: 50 * gib, inodes: 100, freeInodes: 50}, OK},
		{"little", space{bytes: 100 * gib, freeBytes: 4 * gib}, Warning},
		{"nothing", space{bytes: 100 * gib, freeBytes: gib / 2}, Problem},
		{"a small disk that is empty", space{bytes: gib / 2, freeBytes: gib / 2}, OK},
		{"few inodes", space{bytes: 100 * gib, freeBytes: 50 * gib, inodes: 100, freeInodes: 5}, Warning},
		{"no inodes", space{bytes: 100 * gib, freeBytes: 50 * gib, inodes: 1000, freeInodes: 1}, Problem},
		{"a file system without inodes", space{bytes: 100 * gib, freeBytes: 50 * gib}, OK},
	} {
		if got := c.sp.judge("/d"); got.Level != c.want {
			t.Errorf("%s: %+v, want %s", c.name, got, c.want)
		}
	}
}

func TestTheDaemonServesTheSame(t *testing.T) {
	m := newMachine(t)
	w := httptest.NewRecorder()
	Handler(m.cfg).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", Path, nil))
	var r Report
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil || len(r.Findings) < 10 || r.Instance != "berth" {
		t.Errorf("%s, %v", w.Body, err)
	}
}
