package host_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/native"
	"github.com/berth-desktop/berth/vm/vmtest"
)

// realDocker starts a dockerd that this test owns, for the driver to find.
func realDocker(t *testing.T) (endpoint string, engine *native.Driver) {
	t.Helper()
	home := filepath.Dir(shortSocket(t))
	return "unix://" + filepath.Join(home, "d.sock"), startDocker(t, home, "")
}

// startDocker starts a dockerd in a folder, whose program may be another than the installed one.
func startDocker(t *testing.T, home, dockerd string) *native.Driver {
	t.Helper()
	engine := native.New(native.Config{
		Socket:  filepath.Join(home, "d.sock"),
		Data:    filepath.Join(home, "data"),
		Run:     filepath.Join(home, "run"),
		Log:     filepath.Join(home, "log"),
		Dockerd: dockerd,
		Logger:  slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), vmtest.Patience)
		defer cancel()
		if err := engine.Kill(ctx); err != nil {
			t.Error(err)
		}
		if err := engine.Delete(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := engine.Start(t.Context(), nil); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(vm.FailureOf(err).LogTail, "\n"))
	}
	return engine
}

func TestHostKeepsTheContractOfADriver(t *testing.T) {
	endpoint, _ := realDocker(t)
	vmtest.Conform(t, func(*testing.T) vm.Driver { return driver(endpoint) })
}

func TestDetachingLeavesTheEngineAlone(t *testing.T) {
	endpoint, engine := realDocker(t)
	d := driver(endpoint)
	for what, do := range map[string]func(context.Context) error{"stop": d.Stop, "kill": d.Kill, "delete": d.Delete} {
		if err := d.Start(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := do(t.Context()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if s, err := engine.Inspect(t.Context()); err != nil || s.Phase != vm.Running {
			t.Errorf("after %s the engine is %+v, %v", what, s, err)
		}
	}
}

// That an attached engine is gone is for whoever talks to it to see; Inspect says so when it is asked.
func TestAnEngineThatWentAwayIsSeenByInspectOnly(t *testing.T) {
	endpoint, engine := realDocker(t)
	d := driver(endpoint)
	seen := vmtest.Observe(t, d)
	if err := d.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	seen.Until(t, vm.Running, time.Second)
	if err := engine.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := d.Inspect(t.Context())
	if err != nil || s.Phase != vm.Crashed || s.Failure == nil || s.Failure.Hint == "" {
		t.Errorf("Inspect of a dead engine: %+v, %v", s, err)
	}
	seen.Until(t, vm.Running, time.Second)
}

// Root may use any socket, so the question is asked by a process of nobody.
func TestASocketOfOthersNamesTheGroupToJoin(t *testing.T) {
	const marker = "BERTH_TEST_ENDPOINT"
	if endpoint := os.Getenv(marker); endpoint != "" {
		err := driver(endpoint).Start(t.Context(), nil)
		if f := vm.FailureOf(err); f.Reason != vm.PermissionDenied || !strings.Contains(f.Message, "belongs to the user root") || !strings.Contains(f.Message, "You may not use this Docker") || !strings.Contains(f.Hint, "usermod -aG docker") {
			t.Errorf("got %q: %q, hint %q", f.Reason, f.Message, f.Hint)
		}
		return
	}
	endpoint, _ := realDocker(t)
	if err := os.Chmod(filepath.Dir(strings.TrimPrefix(endpoint, "unix://")), 0o755); err != nil {
		t.Fatal(err)
	}
	self := filepath.Join(filepath.Dir(shortSocket(t)), "host.test")
	// Copied by another process: a child forked while we write would hold the file open, and it could not be run.
	if out, err := exec.CommandContext(t.Context(), "cp", os.Args[0], self).CombinedOutput(); err != nil {
		t.Fatalf("copy the test: %v\n%s", err, out)
	}
	if err := os.Chmod(filepath.Dir(self), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), marker+"="+endpoint)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}
