package lima_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/lima"
	"github.com/berth-desktop/berth/vm/lima/limatest"
	"github.com/berth-desktop/berth/vm/vmtest"
)

const soon = vmtest.Patience

// One machine suffers one thing after the other, and is started again each time, as the App's controller does.
func TestAMachineThatEndsByItselfIsNoticedAndStartsAgain(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	seen := vmtest.Observe(t, b.d)
	for _, c := range []struct {
		name string
		does func()
		says string
	}{
		{"QEMU is killed", func() { signal(t, b.number(t, "qemu.pid"), unix.SIGKILL) }, "ended unexpectedly"},
		{"QEMU is killed with what guards its guest", func() { b.killGuarded(t) }, "ended unexpectedly"},
		{"its host agent is killed", func() { signal(t, b.number(t, "ha.pid"), unix.SIGKILL) }, "connects the machine"},
		{"it is switched off from inside", func() { _ = limatest.Enter(t.Context(), b.home, name, "systemctl", "poweroff").Run() }, "switched off from inside"},
	} {
		b.start(t)
		seen.Until(t, vm.Running, soon)
		c.does()
		began := time.Now()
		s := seen.Until(t, vm.Crashed, soon)
		t.Logf("%s: noticed after %s: %v", c.name, time.Since(began).Round(time.Millisecond), s.Failure)
		if s.Failure == nil || !strings.Contains(s.Failure.Message, c.says) || s.Failure.Hint == "" {
			t.Errorf("%s: the failure is %+v, want one that says %q", c.name, s.Failure, c.says)
		}
		if lives := c.name == "its host agent is killed"; lives && !b.shutDown(t) {
			t.Errorf("%s: the guest, which was well, was not shut down", c.name)
		}
		if now, err := b.d.Inspect(t.Context()); err != nil || now.Phase != vm.Crashed {
			t.Errorf("%s: afterwards the machine is %+v, %v", c.name, now, err)
		}
	}
	b.start(t)
}

// killGuarded kills the stand-in as somebody does who kills all of its processes but the guest, and waits for the guest
// to end: nothing of a test may outlive it.
func (b *box) killGuarded(t *testing.T) {
	t.Helper()
	guest := strconv.Itoa(b.number(t, "standin/guest.pid"))
	guards := 0
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		line, _ := os.ReadFile(f)
		if strings.HasPrefix(string(line), "standin-guard\x00"+guest+"\x00") {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f)))
			if err != nil {
				t.Fatal(err)
			}
			signal(t, pid, unix.SIGKILL)
			guards++
		}
	}
	if guards != 1 {
		t.Fatalf("the guest has %d guards", guards)
	}
	signal(t, b.number(t, "qemu.pid"), unix.SIGKILL)
	eventually(t, "the guest ended", func() bool {
		_, err := os.Stat("/proc/" + guest)
		return errors.Is(err, fs.ErrNotExist)
	})
}

func signal(t *testing.T, pid int, s unix.Signal) {
	t.Helper()
	if err := unix.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
}

func TestADaemonThatStartsTakesTheRunningMachineOver(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	b.start(t)
	guest := b.number(t, "standin/guest.pid")
	b.d = b.driver()
	if s, err := b.d.Inspect(t.Context()); err != nil || s.Phase != vm.Running {
		t.Fatalf("before it is taken over the machine is %+v, %v", s, err)
	}
	began := time.Now()
	b.start(t)
	if now := b.number(t, "standin/guest.pid"); now != guest {
		t.Errorf("the guest was booted again: it was %d and is %d", guest, now)
	}
	t.Logf("taken over within %s", time.Since(began).Round(time.Millisecond))
	if is := b.d.Describe(); is.Accelerator != lima.TCG || is.SSHPort == 0 {
		t.Errorf("of the machine that was taken over is known %+v", is)
	}
	seen := vmtest.Observe(t, b.d)
	signal(t, b.number(t, "ha.pid"), unix.SIGKILL) // of a process that is not our child
	seen.Until(t, vm.Crashed, soon)
}

// A daemon may be killed while its machine boots. The next one goes on with the same.
func TestADaemonThatStartsTakesABootingMachineOver(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	first := make(chan error, 1)
	go func() { first <- b.d.Start(t.Context(), nil) }()
	eventually(t, "the guest boots", func() bool { _, err := os.Stat(b.file("standin/guest.pid")); return err == nil })
	guest := b.number(t, "standin/guest.pid")
	one := b.d
	b.d = b.driver()
	b.start(t)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if now := b.number(t, "standin/guest.pid"); now != guest {
		t.Errorf("the guest was booted again: it was %d and is %d", guest, now)
	}
	if err := one.Stop(t.Context()); err != nil { // it follows the machine, as no daemon that was killed does
		t.Fatal(err)
	}
}

func TestAnEngineThatHangsOrIsStoppedEndsTheMachine(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	b.d.SetDeafPatience(6 * time.Second)
	seen := vmtest.Observe(t, b.d)
	for _, c := range []struct {
		name         string
		command      []string
		warns, fails string
	}{
		{"it hangs", []string{"pkill", "-STOP", "-x", "dockerd"}, "does not answer", "did not answer for 6s"},
		{"it is stopped", []string{"systemctl", "stop", "docker.socket", "docker.service"}, "does not run", "was stopped"},
	} {
		b.start(t)
		seen.Until(t, vm.Running, soon)
		if out, err := limatest.Enter(t.Context(), b.home, name, c.command...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c.name, err, out)
		}
		eventually(t, c.name+": a warning", func() bool { return strings.Contains(b.warning(t), c.warns) })
		s := seen.Until(t, vm.Crashed, soon)
		if s.Failure == nil || !strings.Contains(s.Failure.Message, c.fails) || s.Failure.Hint == "" {
			t.Errorf("%s: the failure is %+v, want one that says %q", c.name, s.Failure, c.fails)
		}
		if !b.shutDown(t) {
			t.Errorf("%s: the guest was not shut down", c.name)
		}
	}
}

func TestWhatHappensToTheConnectionIsMended(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	seen := vmtest.Observe(t, b.d)
	b.start(t)
	b.busybox(t)

	t.Log("the connection breaks")
	if out, err := exec.CommandContext(t.Context(), "ssh", "-F", b.file("ssh.config"), "-O", "exit", host).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	began := time.Now()
	eventually(t, "Docker answers again", func() bool { return b.answers(t) })
	t.Logf("mended after %s", time.Since(began).Round(time.Millisecond))
	if st, err := os.Stat(b.file("docker.sock")); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the mended socket is %v, %v", st, err)
	}

	t.Log("the host sleeps")
	guest := b.number(t, "standin/guest.pid")
	qemu := b.number(t, "qemu.pid")
	signal(t, qemu, unix.SIGSTOP)
	eventually(t, "a warning", func() bool { return strings.Contains(b.warning(t), "does not answer") })
	signal(t, qemu, unix.SIGCONT)
	eventually(t, "no warning", func() bool { return b.warning(t) == "" && b.answers(t) })
	if now := b.number(t, "standin/guest.pid"); now != guest {
		t.Error("a host that slept had its machine booted again")
	}

	t.Log("the host's disk is full")
	if err := limatest.Pause(b.home, name); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a warning", func() bool {
		return strings.Contains(seen.Until(t, vm.Running, soon).Warning, "disk of this computer is full")
	})
	eventually(t, "no warning", func() bool { return b.warning(t) == "" && b.answers(t) })
}

func (b *box) warning(t *testing.T) string {
	t.Helper()
	s, err := b.d.Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s.Warning
}

func (b *box) answers(t *testing.T) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	return exec.CommandContext(ctx, "docker", "-H", "unix://"+b.file("docker.sock"), "version").Run() == nil
}

// Lima 1.2 says that it has not found the agent, and never does.
func TestAGuestAgentThatComesLateIsFound(t *testing.T) {
	t.Parallel()
	b := newBox(t, limatest.FaultLate)
	b.start(t)
	if w := b.warning(t); !strings.Contains(w, "guest agent") {
		t.Errorf("the warning is %q", w)
	}
	b.busybox(t)
	b.docker(t, "run", "-d", "-p", "127.0.0.1:0:80", "box", "sh", "-c", "mkdir /w; echo hello >/w/index.html; exec httpd -f -p 80 -h /w")
	eventually(t, "no warning", func() bool { return b.warning(t) == "" })
	port := b.docker(t, "ps", "--format", `{{(index (split .Ports "->") 0)}}`)
	eventually(t, "the container answers at "+port, func() bool { return answersAt(t, port) })
}

func TestPortsOfContainersAreReachableOrSaidNotToBe(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	b.start(t)
	b.busybox(t)
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(taken.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b.docker(t, "run", "-d", "-p", port+":80", "box", "sh", "-c", "mkdir /w; echo hello >/w/index.html; exec httpd -f -p 80 -h /w")
	eventually(t, "a warning", func() bool { return b.warning(t) != "" })
	if w := b.warning(t); !strings.Contains(w, "Port "+port) || !strings.Contains(w, strconv.Itoa(os.Getpid())) {
		t.Errorf("the warning is %q; it names the port and who has it", w)
	}
	_ = taken.Close()
	eventually(t, "no warning", func() bool { return b.warning(t) == "" })
	eventually(t, "the container answers", func() bool { return answersAt(t, "127.0.0.1:"+port) })
}

func answersAt(t *testing.T, address string) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err == nil && resp.StatusCode == http.StatusOK
}

func TestAStrangersProcessIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := newBox(t, "")
	if err := b.d.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	stranger := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- stranger.Wait() }()
	for _, file := range []string{"ha.pid", "qemu.pid"} {
		if err := os.WriteFile(b.file(file), []byte(strconv.Itoa(stranger.Process.Pid)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if s, err := b.d.Inspect(t.Context()); err != nil || s.Phase != vm.Stopped {
		t.Errorf("with a stranger's number the machine is %+v, %v", s, err)
	}
	b.start(t)
	if err := b.d.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		t.Errorf("the stranger was ended: %v", err)
	default:
	}
	_ = stranger.Process.Kill()
	if err := <-ended; err == nil {
		t.Error("the stranger had ended by itself")
	}
}

func TestAStartThatCannotBeSaysWhyAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, fault string
		change      func(t *testing.T, b *box)
		says, hints string
	}{
		{"the kernel gives up", limatest.FaultPanic, nil, "Kernel panic", "image"},
		{"ssh never answers", limatest.FaultDeaf, func(_ *testing.T, b *box) { b.d.SetPatience(8*time.Second, time.Second, time.Second) }, "did not come up within 8s", "log"},
		{"the engine's disk is not seen", limatest.FaultBare, func(_ *testing.T, b *box) { b.d.SetPatience(12*time.Second, time.Minute, time.Second) }, "did not come up within 12s", "log"},
		{"QEMU is missing", "", func(t *testing.T, b *box) {
			b.cfg.Environ = append(b.cfg.Environ, "QEMU_SYSTEM_X86_64="+filepath.Join(t.TempDir(), "none"))
		}, "QEMU is missing", "Install"},
		{"the helper is missing", "", func(t *testing.T, b *box) { b.cfg.Helper = filepath.Join(t.TempDir(), "none") }, "berth-lima", "Install"},
		{"the image is missing", "", func(_ *testing.T, b *box) { b.image(lima.Image{Arch: "x86_64", Disk: "/nowhere/disk.raw"}) }, "/nowhere/disk.raw", "start again"},
		{"the image is another one", "", func(t *testing.T, b *box) {
			i := limatest.Image(t)
			i.Digest = "sha256:" + strings.Repeat("0", 64)
			b.image(i)
		}, "not the one that was promised", "again"},
		{"the image's server is away", "", func(_ *testing.T, b *box) { b.image(lima.Image{Arch: "x86_64", Disk: "http://127.0.0.1:1/disk.raw"}) }, "could not be downloaded", "guest-image"},
		{"the host's disk is full", "", func(t *testing.T, b *box) {
			if err := unix.Mount("none", b.home, "tmpfs", 0, "size=64m"); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := unix.Unmount(b.home, unix.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
		}, "too full for the machine", "Free some space"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBox(t, c.fault)
			if c.change != nil {
				c.change(t, b)
				if c.fault == "" {
					b.d = b.driver()
				}
			}
			err := b.d.Start(t.Context(), nil)
			if err == nil {
				t.Fatal("it started")
			}
			f := vm.FailureOf(err)
			if !strings.Contains(f.Error(), c.says) || !strings.Contains(f.Hint, c.hints) {
				t.Errorf("it says %q, hints %q, log %q; want %q and %q", f.Error(), f.Hint, f.LogTail, c.says, c.hints)
			}
			if s, err := b.d.Inspect(t.Context()); err != nil || s.Phase != vm.Stopped && s.Phase != vm.Absent {
				t.Errorf("afterwards the machine is %+v, %v", s, err)
			}
			if _, err := os.Stat(b.file("basedisk")); err == nil && c.fault == "" && c.name != "QEMU is missing" {
				t.Error("a disk that was not finished was left")
			}
		})
	}
}

// image has the machine made of another image.
func (b *box) image(i lima.Image) {
	b.cfg.Template = func(a lima.Accelerator) ([]byte, error) {
		s := shape()
		s.Mounts, s.Image, s.Accelerator = nil, i, a
		return lima.Template(s)
	}
}

func TestAGuestThatDoesNotShutDownIsEnded(t *testing.T) {
	t.Parallel()
	b := newBox(t, limatest.FaultStays)
	b.d.SetPatience(10*time.Minute, 2*time.Second, time.Second)
	b.start(t)
	began := time.Now()
	if err := b.d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > vmtest.Patience {
		t.Errorf("it took %s", took)
	}
}
