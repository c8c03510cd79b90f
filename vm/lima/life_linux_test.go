package lima_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/lima"
	"github.com/berth-desktop/berth/vm/lima/limatest"
	"github.com/berth-desktop/berth/vm/vmtest"
)

// name has a dot as those of Berth's own machines, of which ssh is told another way.
const name, host = "b.m", "lima-b-m"

// box is a machine of a test, run by the stand-in.
type box struct {
	home string
	cfg  lima.Config
	d    *lima.Driver
}

func newBox(t *testing.T, fault string) *box {
	t.Helper()
	home, err := os.MkdirTemp("", "bl") //nolint:usetesting // t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	b := &box{home: home}
	programs, image := limatest.Programs(t), limatest.Image(t)
	b.cfg = lima.Config{
		Home: home, Name: name, Helper: filepath.Join(programs, lima.HelperName),
		Environ: limatest.Environ(t, programs, fault),
		Template: func(a lima.Accelerator) ([]byte, error) {
			s := shape()
			s.Mounts, s.Image, s.Accelerator = nil, image, a
			return lima.Template(s)
		},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	}
	b.d = b.driver()
	t.Cleanup(func() {
		if t.Failed() {
			b.logs(t)
		}
		if err := b.d.Delete(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("delete the machine: %v", err)
		}
		if left := naming(home); len(left) > 0 {
			t.Errorf("these still run: %q", left)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Errorf("remove the machine's home: %v", err)
		}
	})
	return b
}

func (b *box) logs(t *testing.T) {
	t.Helper()
	for _, name := range []string{"ha.stderr.log", "ha.stdout.log", "serial.log", "standin/upper/var/log/cloud-init-output.log"} {
		if text, err := os.ReadFile(b.file(name)); err == nil {
			t.Logf("%s ends with:\n%s", name, text[max(0, len(text)-6000):])
		}
	}
}

// driver is a new one of the same machine, as a daemon that starts has it.
func (b *box) driver() *lima.Driver {
	d := lima.New(b.cfg)
	d.SetPatience(10*time.Minute, time.Minute, time.Second) // what is slow here is this computer
	return d
}

func (b *box) file(file string) string { return filepath.Join(b.home, name, file) }

func (b *box) start(t *testing.T) vm.State {
	t.Helper()
	if err := b.d.Start(t.Context(), nil); err != nil {
		f := vm.FailureOf(err)
		t.Fatalf("start: %v\n%s\n%s", f, f.Hint, strings.Join(f.LogTail, "\n"))
	}
	s, err := b.d.Inspect(t.Context())
	if err != nil || s.Phase != vm.Running {
		t.Fatalf("a started machine is %+v, %v", s, err)
	}
	return s
}

func (b *box) docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", append([]string{"-H", "unix://" + b.file("docker.sock")}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// busybox gives the engine an image with the host's static busybox.
func (b *box) busybox(t *testing.T) {
	t.Helper()
	pipe := `tar -C / -c bin/busybox | docker -H "$0" import -c 'ENTRYPOINT ["/bin/busybox"]' - box`
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", pipe, "unix://"+b.file("docker.sock")).CombinedOutput(); err != nil {
		t.Fatalf("import: %v\n%s", err, out)
	}
}

func (b *box) number(t *testing.T, file string) int {
	t.Helper()
	text, err := os.ReadFile(b.file(file))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// naming are the command lines of the processes that were given a path under dir.
func naming(dir string) []string {
	var found []string
	for end := time.Now().Add(10 * time.Second); ; {
		found = nil
		files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, f := range files {
			if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), dir+"/") {
				found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
			}
		}
		if len(found) == 0 || time.Now().After(end) {
			return found
		}
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(3 * time.Minute); !ok(); <-poll.C {
		if time.Now().After(end) {
			t.Fatalf("it does not come: %s", what)
		}
	}
}

func TestAMachineDoesWhatEveryDriverMust(t *testing.T) {
	vmtest.Conform(t, func(t *testing.T) vm.Driver { return newBox(t, "").d })
}

func TestDataOutlivesStopsAndTheSystemDisk(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	b.start(t)
	b.busybox(t)
	if out := b.docker(t, "run", "--rm", "-v", "kept:/v", "box", "sh", "-c", "echo here >/v/f; echo ran"); out != "ran" {
		t.Errorf("the container said %q", out)
	}
	if st, err := os.Stat(b.file("docker.sock")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the engine's socket is %v, %v; it is the user's alone", st, err)
	}
	if err := b.d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := limatest.Image(t)
	b.cfg.Template = func(a lima.Accelerator) ([]byte, error) {
		s := shape()
		s.Mounts, s.Image, s.Accelerator, s.CPUs = nil, other, a, 1
		return lima.Template(s)
	}
	b.d = b.driver()
	b.start(t)
	if out := b.docker(t, "run", "--rm", "-v", "kept:/v", "box", "cat", "/v/f"); out != "here" {
		t.Errorf("after another image the volume has %q", out)
	}
	if text, err := os.ReadFile(b.file("lima.yaml")); err != nil || !strings.Contains(string(text), "cpus: 1") {
		t.Errorf("the machine was not given one CPU: %v\n%s", err, text)
	}
}

func TestAGuestWhoseKernelGivesUpOnceIsBootedAgain(t *testing.T) {
	t.Parallel()
	b := newBox(t, limatest.FaultFirst)
	b.start(t)
	if _, err := os.Stat(b.file("panicked")); err != nil {
		t.Errorf("the first boot did not end early: %v", err)
	}
}

// shutDown says whether the guest went down in order, which for the first of a pid namespace looks like an interrupt.
func (b *box) shutDown(t *testing.T) bool {
	t.Helper()
	text, err := os.ReadFile(b.file("serial.log"))
	return err == nil && strings.Contains(string(text), "powers down: signal: interrupt")
}

// A start may be taken back while containers run already, which Docker has started again.
func TestAStartThatIsTakenBackLateShutsTheGuestDown(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := b.d.Start(ctx, func(s vm.Step) {
		if s.Name == "Starting Docker" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the start ended with %v", err)
	}
	if !b.shutDown(t) {
		t.Error("the guest was not shut down, but killed")
	}
}

// Whenever a start is taken back, nothing of it goes on: the box looks at the end.
func TestAStartThatIsTakenBackLeavesNothing(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	if err := b.d.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, file string }{
		{"the host agent was started", "ha.stderr.log"},
		{"the host agent has its number", "ha.pid"},
		{"the disks are unpacked", "cidata.iso"},
		{"the machine has its number", "qemu.pid"},
		{"the guest boots", "standin/guest.pid"},
	} {
		_ = os.Remove(b.file(c.file)) // of the run before
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- b.d.Start(ctx, nil) }()
		eventually(t, c.name, func() bool { _, err := os.Stat(b.file(c.file)); return err == nil })
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the start ended with %v", c.name, err)
		}
		if s, err := b.d.Inspect(t.Context()); err != nil || s.Phase != vm.Stopped {
			t.Errorf("%s: afterwards the machine is %+v, %v", c.name, s, err)
		}
		if left := naming(b.home); len(left) > 0 {
			t.Errorf("%s: these still run: %q", c.name, left)
		}
	}
}
