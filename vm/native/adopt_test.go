//go:build linux

package native_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
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

func TestTheNextDaemonTakesOverTheEngineThatRuns(t *testing.T) {
	cfg := folders(t)
	start(t, native.New(cfg)) // its daemon is gone without a word: nobody stops this one
	importBusybox(t, cfg)
	docker(t, cfg, "run", "-d", "--stop-signal", "KILL", "--name", "lives", "busybox", "sleep", "1000")
	pid := dockerdOf(t, cfg)

	next := native.New(cfg)
	seen := vmtest.Observe(t, next)
	if s := seen.Until(t, vm.Running, time.Second); s.Endpoint != "unix://"+cfg.Socket {
		t.Errorf("before it is taken over, the engine is %+v", s)
	}
	start(t, next)
	if now := dockerdOf(t, cfg); now != pid {
		t.Errorf("dockerd was started anew: %d, before %d", now, pid)
	}
	if got := docker(t, cfg, "ps", "--format", "{{.Names}}"); got != "lives" {
		t.Errorf("containers after the takeover: %q", got)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	seen.Until(t, vm.Crashed, time.Second)
	stop(t, next)
	if left := processes(t, cfg.Run); len(left) > 0 {
		t.Errorf("the containers of a dead engine outlived its stop: %v", left)
	}
	if mounts := mountsUnder(t, cfg.Data); len(mounts) > 0 {
		t.Errorf("left mounted: %v", mounts)
	}
}

func TestAnEngineThatHangsIsStartedAnew(t *testing.T) {
	cfg := folders(t)
	start(t, native.New(cfg))
	pid := dockerdOf(t, cfg)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	next := native.New(cfg)
	eventually(t, "an engine that does not answer is no running one", 10*time.Second, func() bool {
		s, err := next.Inspect(t.Context())
		return err == nil && s.Phase == vm.Crashed && s.Failure != nil
	})
	start(t, next)
	if dockerdOf(t, cfg) == pid {
		t.Error("the engine that hung was taken over")
	}
}

func TestAnOrphanedContainerdIsEnded(t *testing.T) {
	cfg := folders(t)
	start(t, native.New(cfg))
	orphan := processes(t, "containerd", "--config="+cfg.Run)[0]
	if err := syscall.Kill(dockerdOf(t, cfg), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	next := native.New(cfg)
	start(t, next)
	if now := processes(t, "containerd", "--config="+cfg.Run); len(now) != 1 || now[0] == orphan {
		t.Errorf("containerd: %v, the orphan was %d", now, orphan)
	}
	stop(t, next)
}

// A pid file outlives a power cut; the pid in it may belong to anybody by then.
func TestAStrangerNamedByAStalePidFileIsLeftAlone(t *testing.T) {
	cfg := folders(t)
	stranger := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()         //nolint:errcheck // it is killed
	defer stranger.Process.Kill() //nolint:errcheck // it lives, as the test says
	if err := os.MkdirAll(cfg.Run, 0o700); err != nil {
		t.Fatal(err)
	}
	pid := []byte(strconv.Itoa(stranger.Process.Pid))
	if err := os.WriteFile(filepath.Join(cfg.Run, "docker.pid"), pid, 0o600); err != nil {
		t.Fatal(err)
	}
	d := native.New(cfg)
	start(t, d)
	stop(t, d)
	if err := stranger.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the stranger is gone: %v", err)
	}
}

func TestASocketOfAnotherProgramIsNotTaken(t *testing.T) {
	cfg := folders(t)
	if err := os.MkdirAll(filepath.Dir(cfg.Socket), 0o700); err != nil {
		t.Fatal(err)
	}
	other, err := new(net.ListenConfig).Listen(t.Context(), "unix", cfg.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = native.New(cfg).Start(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "Another program answers") {
		t.Fatalf("got %v", err)
	}
	if _, err := os.Stat(cfg.Socket); err != nil {
		t.Errorf("the other program's socket: %v", err)
	}
}

func TestACancelledStartLeavesNothing(t *testing.T) {
	for _, at := range []string{"Preparing folders", "Preparing the network", "Starting Docker"} {
		t.Run(at, func(t *testing.T) {
			cfg := folders(t)
			d := native.New(cfg)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := d.Start(ctx, func(s vm.Step) {
				if s.Name == at {
					cancel()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("start returned %v", err)
			}
			left(t, cfg, d)
		})
	}
	t.Run("while dockerd is coming up", func(t *testing.T) {
		for { // dockerd may answer before it is seen: that start was not cancelled, and says nothing
			cfg := folders(t)
			d := native.New(cfg)
			err := startCancelledOnceDockerdRuns(t, cfg, d)
			if err == nil {
				if err := d.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("start returned %v", err)
			}
			left(t, cfg, d)
			return
		}
	})
}

func startCancelledOnceDockerdRuns(t *testing.T, cfg native.Config, d *native.Driver) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- d.Start(ctx, nil) }()
	eventually(t, "dockerd runs", 10*time.Second, func() bool { return len(processes(t, "dockerd", "--pidfile="+cfg.Run)) == 1 })
	cancel()
	return <-ended
}

// left fails if anything of an engine that is down is still in the system.
func left(t *testing.T, cfg native.Config, d *native.Driver) {
	t.Helper()
	if pids := processes(t, cfg.Run); len(pids) > 0 {
		t.Errorf("still running: %v", pids)
	}
	if s, err := d.Inspect(t.Context()); err != nil || s.Phase != vm.Stopped {
		t.Errorf("the engine is %+v, %v", s, err)
	}
	if _, err := os.Lstat(cfg.Socket); err == nil {
		t.Error("the socket is still there")
	}
	if m := mountsUnder(t, cfg.Data); len(m) > 0 {
		t.Errorf("left mounted: %v", m)
	}
}

func mountsUnder(t *testing.T, dir string) []string {
	t.Helper()
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); strings.HasPrefix(f[4], dir+"/") {
			found = append(found, f[4])
		}
	}
	return found
}
