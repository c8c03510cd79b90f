//go:build linux

package native_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/native"
	"github.com/berth-desktop/berth/vm/vmtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// folders returns the places of an engine that the end of the test takes down. Their names are short: a socket's
// path is, too.
func folders(t *testing.T) native.Config {
	t.Helper()
	home, err := os.MkdirTemp("", "berth") //nolint:usetesting // the name of a test is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	cfg := native.Config{
		Socket: filepath.Join(home, "run", "docker.sock"),
		Data:   filepath.Join(home, "data"),
		Run:    filepath.Join(home, "run", "engine"),
		Log:    filepath.Join(home, "engine.log"),
		Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), vmtest.Patience)
		defer cancel()
		if err := errors.Join(native.New(cfg).Kill(ctx), native.New(cfg).Delete(ctx), os.RemoveAll(home)); err != nil {
			t.Errorf("an engine of this test is not gone: %v", err)
		}
		if left := processes(t, home); len(left) > 0 {
			t.Errorf("processes of this test are left: %v", left)
		}
	})
	return cfg
}

func start(t *testing.T, d *native.Driver) {
	t.Helper()
	if err := d.Start(t.Context(), nil); err != nil {
		f := vm.FailureOf(err)
		t.Fatalf("start: %v\nhint: %s\n%s", err, f.Hint, strings.Join(f.LogTail, "\n"))
	}
}

func stop(t *testing.T, d *native.Driver) {
	t.Helper()
	if err := d.Stop(t.Context()); err != nil {
		t.Fatalf("stop: %v", err)
	}
}

// processes finds the pids whose command line has all the words.
func processes(t *testing.T, words ...string) []int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, path := range all {
		b, err := os.ReadFile(path)
		if err != nil || !hasAll(string(b), words) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

func hasAll(s string, words []string) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(s, w) })
}

func dockerdOf(t *testing.T, cfg native.Config) int {
	t.Helper()
	// Without root, rootlesskit and its script have the same arguments.
	pids := slices.DeleteFunc(processes(t, "dockerd", "--pidfile="+cfg.Run), func(pid int) bool {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		program, _, _ := strings.Cut(string(line), "\x00")
		return err != nil || filepath.Base(program) != "dockerd"
	})
	if len(pids) != 1 {
		t.Fatalf("there are %d dockerd of this test, want 1", len(pids))
	}
	return pids[0]
}

// docker calls the docker command on the test's engine.
func docker(t *testing.T, cfg native.Config, args ...string) string {
	t.Helper()
	out, err := tryDocker(t, cfg, args...)
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func tryDocker(t *testing.T, cfg native.Config, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "docker", append([]string{"-H", "unix://" + cfg.Socket}, args...)...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// importBusybox makes the image "busybox" from the static busybox of this machine.
func importBusybox(t *testing.T, cfg native.Config) {
	t.Helper()
	root := filepath.Join(t.TempDir(), "root")
	if err := os.MkdirAll(filepath.Join(root, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatalf("install busybox-static: %v", err)
	}
	if err := os.WriteFile(filepath.Join(root, "bin", "busybox"), b, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sh", "sleep", "httpd", "wget", "timeout", "cat"} {
		if err := os.Symlink("busybox", filepath.Join(root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	tar := filepath.Join(t.TempDir(), "root.tar")
	if out, err := exec.CommandContext(t.Context(), "tar", "-C", root, "-cf", tar, ".").CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	docker(t, cfg, "import", tar, "busybox:latest")
}

// eventually polls what the system does in its own time.
func eventually(t *testing.T, what string, patience time.Duration, ok func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %s: %s", patience, what)
		case <-tick.C:
		}
	}
}

func TestNativeKeepsTheContractOfADriver(t *testing.T) {
	vmtest.Conform(t, func(t *testing.T) vm.Driver { return native.New(folders(t)) })
}

func TestTheEngineIsForItsOwnerOnly(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	for path, want := range map[string]os.FileMode{cfg.Socket: 0o600, filepath.Dir(cfg.Socket): 0o700, cfg.Data: 0o700, cfg.Run: 0o700} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Gid) != os.Getgid() {
			t.Errorf("%s belongs to a group other than ours", path)
		}
	}
}

func TestTheFolderOfAnInstalledDockerIsLeftAlone(t *testing.T) {
	installed := func() []string {
		found, err := filepath.Glob("/etc/docker/*")
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	before := installed()
	cfg := folders(t)
	start(t, native.New(cfg))
	if diff := cmp.Diff(before, installed()); diff != "" {
		t.Errorf("a start changed what is in /etc/docker (-before +after):\n%s", diff)
	}
	version, err := exec.CommandContext(t.Context(), "dockerd", "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(cfg.Data, "docker", "key.json")); err != nil && strings.Contains(string(version), " 20.") {
		t.Errorf("dockerd took its key from elsewhere: %v", err)
	}
}

func TestTheEngineHasAContainerdAndASessionOfItsOwn(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	for _, pid := range append(processes(t, "containerd", "--config="+cfg.Run), dockerdOf(t, cfg)) {
		sid, err := syscall.Getpgid(pid)
		if err != nil || sid != pid {
			t.Errorf("process %d is in the group %d (%v): Ctrl-C would reach it", pid, sid, err)
		}
	}
	if args := processes(t, "dockerd", "--containerd="+cfg.Run); len(args) != 1 {
		t.Error("dockerd was not told of the engine's own containerd, so it would share the system's")
	}
}

func TestACrashIsSeenWithItsLog(t *testing.T) {
	for _, program := range []string{"dockerd", "containerd"} {
		t.Run(program, func(t *testing.T) {
			cfg := folders(t)
			d := native.New(cfg)
			seen := vmtest.Observe(t, d)
			start(t, d)
			pid := dockerdOf(t, cfg)
			if program == "containerd" {
				pid = processes(t, "containerd", "--config="+cfg.Run)[0]
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			s := seen.Until(t, vm.Crashed, 2*time.Second)
			if s.Failure == nil || !strings.Contains(s.Failure.Message, "ended unexpectedly (signal: killed)") || len(s.Failure.LogTail) == 0 {
				t.Errorf("the crash is explained by %+v", s.Failure)
			}
			if now, err := d.Inspect(t.Context()); err != nil || now.Phase != vm.Crashed {
				t.Errorf("Inspect says %+v, %v", now, err)
			}
			start(t, d)
			seen.Until(t, vm.Running, 2*time.Second)
			if dockerdOf(t, cfg) == pid {
				t.Error("the engine that crashed is the one that runs")
			}
		})
	}
}
