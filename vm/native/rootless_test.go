//go:build linux

package native_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/native"
	"github.com/berth-desktop/berth/vm/vmtest"
)

// asUser names the variable that tells a process of this test that it runs as an ordinary user.
const asUser = "BERTH_TEST_AS_USER"

// Root would need nothing of what an ordinary user needs, so these run in a process of one that is made for them.
func TestAnOrdinaryUserHasAnEngineOfTheirOwn(t *testing.T) {
	if os.Getenv(asUser) != "" {
		t.Run("the contract", func(t *testing.T) {
			vmtest.Conform(t, func(t *testing.T) vm.Driver { return native.New(folders(t)) })
		})
		t.Run("containers", rootlessContainers)
		t.Run("crash", rootlessCrash)
		t.Run("takeover", rootlessTakeover)
		t.Run("orphans", rootlessOrphans)
		t.Run("cancel", rootlessCancel)
		return
	}
	u := newUser(t)
	self := filepath.Join(u.HomeDir, "native.test")
	// Copied by another process: a child forked while we write would hold the file open, and it could not be run.
	if out, err := exec.CommandContext(t.Context(), "cp", os.Args[0], self).CombinedOutput(); err != nil {
		t.Fatalf("copy the test: %v\n%s", err, out)
	}
	if err := os.Chmod(self, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Dir = u.HomeDir
	cmd.Env = []string{asUser + "=1", "HOME=" + u.HomeDir, "USER=" + u.Username, "PATH=/usr/bin:/bin", "TMPDIR=/tmp", "DOCKER_CONFIG=" + u.HomeDir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: number(t, u.Uid), Gid: number(t, u.Gid)}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS") {
		t.Errorf("as %s: %v\n%s", u.Username, err, out)
	}
}

func number(t *testing.T, s string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

// newUser makes a user with ids for containers, and removes all of that at the end. Where no udev has seen to it, the
// devices are opened to users meanwhile.
func newUser(t *testing.T) *user.User {
	t.Helper()
	name := fmt.Sprintf("berth-test-%d", os.Getpid())
	run := func(program string, args ...string) {
		t.Helper()
		if out, err := exec.Command(program, args...).CombinedOutput(); err != nil { //nolint:noctx // it also runs in cleanup
			t.Fatalf("%s %v: %v\n%s", program, args, err, out)
		}
	}
	run("useradd", "--create-home", "--home-dir", "/home/"+name, name)
	t.Cleanup(func() { run("userdel", "--force", "--remove", name) })
	if text, err := os.ReadFile("/etc/subuid"); err != nil || !strings.Contains(string(text), name+":") {
		run("usermod", "--add-subuids", "500000-565535", "--add-subgids", "500000-565535", name)
	}
	for _, device := range []string{"/dev/net/tun", "/dev/fuse"} {
		info, err := os.Stat(device)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(device, 0o666); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(device, info.Mode().Perm()) })
	}
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func rootlessContainers(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	importBusybox(t, cfg)
	docker(t, cfg, "volume", "create", "kept")
	// A user of the container is none of ours outside: what it leaves can only be removed from within a namespace.
	docker(t, cfg, "run", "--rm", "--user", "1234", "-v", "kept:/v", "--tmpfs", "/tmp", "busybox", "sleep", "0")
	docker(t, cfg, "run", "--rm", "-v", "kept:/v", "busybox", "sh", "-c", "echo hello > /v/word && busybox chown 1234:1234 /v/word && busybox chmod 700 /v && busybox chown 1234 /v")
	docker(t, cfg, "run", "-d", "--stop-signal", "KILL", "--name", "web", "-p", "127.0.0.1:0:80", "busybox", "httpd", "-f", "-p", "80", "-h", "/bin")
	stop(t, d)
	if left := processes(t, cfg.Run); len(left) > 0 {
		t.Fatalf("still running after a stop: %v", left)
	}
	start(t, d)
	if got := docker(t, cfg, "run", "--rm", "-v", "kept:/v", "busybox", "cat", "/v/word"); got != "hello" {
		t.Errorf("the volume holds %q", got)
	}
	stop(t, d)
	if err := d.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(cfg.Data); err == nil {
		t.Error("the data are still there")
	}
}

func rootlessCrash(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	seen := vmtest.Observe(t, d)
	start(t, d)
	importBusybox(t, cfg)
	docker(t, cfg, "run", "-d", "--name", "stubborn", "--user", "1234", "busybox", "sh", "-c", "trap '' TERM; while :; do sleep 1000; done")
	pid := dockerdOf(t, cfg)
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s := seen.Until(t, vm.Crashed, 5*time.Second)
	if s.Failure == nil || len(s.Failure.LogTail) == 0 {
		t.Errorf("the crash is explained by %+v", s.Failure)
	}
	start(t, d)
	seen.Until(t, vm.Running, 5*time.Second)
	if dockerdOf(t, cfg) == pid {
		t.Error("the engine that crashed is the one that runs")
	}
	if err := d.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := processes(t, cfg.Run); len(left) > 0 {
		t.Errorf("still running after a kill: %v", left)
	}
}

func rootlessTakeover(t *testing.T) {
	cfg := folders(t)
	start(t, native.New(cfg)) // its daemon is gone without a word
	pid := dockerdOf(t, cfg)
	next := native.New(cfg)
	start(t, next)
	if now := dockerdOf(t, cfg); now != pid {
		t.Errorf("dockerd was started anew: %d, before %d", now, pid)
	}
	stop(t, next)
}

// After a kill of all that started them, a containerd and a pid file are left: neither keeps the next start waiting.
func rootlessOrphans(t *testing.T) {
	cfg := folders(t)
	start(t, native.New(cfg))
	importBusybox(t, cfg)
	docker(t, cfg, "run", "-d", "--name", "lives", "busybox", "sleep", "1000")
	if err := syscall.Kill(dockerdOf(t, cfg), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	next := native.New(cfg)
	start(t, next)
	stop(t, next)
	// The pid of a process that lives, and is none of ours.
	stale := filepath.Join(cfg.Run, "exec", "containerd", "containerd.pid")
	if err := os.MkdirAll(filepath.Dir(stale), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale, []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	start(t, next)
	t.Logf("started in %s beside a stale pid file", time.Since(began))
	stop(t, next)
}

func rootlessCancel(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- d.Start(ctx, nil) }()
	eventually(t, "the script runs", 10*time.Second, func() bool { return len(processes(t, "--pidfile="+cfg.Run)) > 0 })
	cancel()
	if err := <-ended; err == nil {
		t.Error("a cancelled start went well")
	}
	left(t, cfg, d)
}
