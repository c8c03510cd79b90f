//go:build linux

package lima_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berth-desktop/berth/vm/lima/limatest"
)

// What users get, on a machine whose QEMU is a stand-in; `make test-vm` does the same with QEMU itself.
func TestTheShippedBerthKeepsAMachine(t *testing.T) {
	lifeOfAMachine(t, newShipped(t, limatest.Environ(t, limatest.Programs(t), "")))
}

// lifeOfAMachine is what a user goes through with one: it serves a port through everything that happens to it.
func lifeOfAMachine(t *testing.T, s *shipped) {
	s.berth("set", "containerEngine.provider=lima", "vm.cpus=2", "vm.memory=1Gi", "vm.disk=10Gi", "running=true", "--timeout", "20m")
	s.importBusybox()
	port := freePort(t)
	s.docker("run", "-d", "--init", "--restart", "always", "--name", "web", "-p", "127.0.0.1:"+port+":80", "-v", "kept:/data", "busybox",
		"sh", "-c", "echo hello >/data/index.html; exec httpd -f -p 80 -h /data")
	s.serves(port)
	if list := s.berth("container", "ls"); !strings.Contains(list, "web") {
		t.Errorf("berth container ls does not show it:\n%s", list)
	}

	qemu := s.pid("qemu.pid")
	s.kill(s.firstLine(s.berth("paths", "lock")))
	s.berth("start", "--timeout", "5m")
	if now := s.pid("qemu.pid"); now != qemu {
		t.Errorf("the next daemon booted the machine anew: its process was %s and is %s", qemu, now)
	}
	s.serves(port)

	s.berth("set", "vm.memory=1200Mi", "--timeout", "20m")
	if n := s.field(".status.restartCount"); n != "1" {
		t.Errorf("other memory cost %s restarts, want 1", n)
	}
	s.serves(port)

	for _, file := range []string{"qemu.pid", "ha.pid"} {
		was := s.pid(file)
		s.kill(was)
		s.eventually("another process in "+file, func() bool { return s.pid(file) != was && s.pid(file) != "" })
		s.serves(port)
	}

	s.berth("stop", "--timeout", "10m")
	s.berth("start", "--timeout", "20m")
	if volumes := s.docker("volume", "ls", "-q"); !strings.Contains(volumes, "kept") {
		t.Errorf("the volume is gone; there are: %q", volumes)
	}
	s.serves(port)

	folder := s.folder()
	s.berth("delete", "--yes")
	if _, err := os.Stat(folder); err == nil {
		t.Error("the machine's folder is still there")
	}
}

// shipped is the program that users get, with a home of its own.
type shipped struct {
	t         *testing.T
	bin, home string
	env       []string
	machine   string // the folder where Lima keeps it, once it is known
}

func newShipped(t *testing.T, env []string) *shipped {
	t.Helper()
	home, err := os.MkdirTemp("", "bv") //nolint:usetesting // t.TempDir makes too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	s := &shipped{t: t, bin: os.Getenv("BERTH_BIN"), home: home}
	s.env = append(env, "BERTH_HOME="+home, "BERTH_INSTANCE=berth", "DOCKER_CONFIG="+filepath.Join(home, "docker"))
	if s.bin == "" {
		s.bin = t.TempDir()
		s.run("go", "build", "-tags", "grpcnotrace", "-o", s.bin, "github.com/berth-desktop/berth/app/cmd/berth",
			"github.com/berth-desktop/berth/app/cmd/berth-kubectl", "github.com/berth-desktop/berth/app/cmd/berth-lima")
		s.run("go", "build", "-o", filepath.Join(s.bin, "lima-guestagent.Linux-x86_64"), "github.com/lima-vm/lima/cmd/lima-guestagent")
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		if path, err := s.try(ctx, s.program("berth"), "paths", "log"); t.Failed() && err == nil {
			log, _ := os.ReadFile(path)
			t.Logf("the daemon's log:\n%s", log)
		}
		_, _ = s.try(ctx, s.program("berth"), "delete", "--yes")
		_, _ = s.try(ctx, s.program("berth"), "quit")
		_ = os.RemoveAll(home)
	})
	return s
}

func (s *shipped) program(name string) string { return filepath.Join(s.bin, name) }

func (s *shipped) try(ctx context.Context, program string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = s.env
	var stderr strings.Builder
	cmd.Stderr = &stderr
	began := time.Now()
	out, err := cmd.Output()
	s.t.Logf("%6.1fs %s %s\n%s", time.Since(began).Seconds(), filepath.Base(program), strings.Join(args, " "), stderr.String())
	if err != nil {
		return "", fmt.Errorf("%s %q: %w\n%s", program, args, err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}

func (s *shipped) run(program string, args ...string) string {
	s.t.Helper()
	out, err := s.try(s.t.Context(), program, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

func (s *shipped) berth(args ...string) string {
	s.t.Helper()
	return s.run(s.program("berth"), args...)
}

func (s *shipped) docker(args ...string) string {
	s.t.Helper()
	return s.run("docker", append([]string{"-H", "unix://" + filepath.Join(s.folder(), "docker.sock")}, args...)...)
}

func (s *shipped) importBusybox() {
	s.t.Helper()
	s.run("sh", "-ec", `cd "$1" && mkdir -p root/bin && cp "$(command -v busybox)" root/bin/ && for a in sh httpd; do ln -s busybox "root/bin/$a"; done
		tar -C root -c . | docker -H "unix://$2/docker.sock" import - busybox`, "sh", s.home, s.folder())
}

// field is one of the machine's.
func (s *shipped) field(path string) string {
	s.t.Helper()
	return s.berth("ctl", "get", "limavms", "engine", "--namespace", "berth", "--output", "jsonpath={"+path+"}")
}

// folder is where Lima keeps the machine.
func (s *shipped) folder() string {
	s.t.Helper()
	if s.machine == "" {
		s.machine = s.field(".status.instanceDir")
	}
	return s.machine
}

// pid is what a file of Lima's says; "" while there is none.
func (s *shipped) pid(file string) string {
	s.t.Helper()
	return s.firstLine(filepath.Join(s.folder(), file))
}

func (s *shipped) firstLine(path string) string {
	text, _ := os.ReadFile(path)
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}

func (s *shipped) kill(pid string) {
	s.t.Helper()
	n, err := strconv.Atoi(pid)
	if err != nil || n < 2 {
		s.t.Fatalf("%q is no process", pid)
	}
	if err := syscall.Kill(n, syscall.SIGKILL); err != nil {
		s.t.Fatalf("kill %d: %v", n, err)
	}
}

// serves waits until the container answers at a port of this computer.
func (s *shipped) serves(port string) {
	s.t.Helper()
	s.eventually("an answer at the port "+port, func() bool {
		ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+port+"/", nil)
		if err != nil {
			return false
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return err == nil && strings.TrimSpace(string(text)) == "hello"
	})
}

func (s *shipped) eventually(what string, ok func() bool) {
	s.t.Helper()
	began := time.Now()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(began) > 15*time.Minute {
			s.t.Fatalf("in vain: %s", what)
		}
		<-tick.C
	}
	s.t.Logf("%6.1fs %s", time.Since(began).Seconds(), what)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
