//go:build machine && linux

package lima_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/image"
	"github.com/berth-desktop/berth/vm/lima"
)

// The shipped Berth on a machine whose QEMU is QEMU: `make test-vm`.
func TestTheShippedBerthKeepsARealMachine(t *testing.T) {
	lifeOfAMachine(t, newShipped(t, os.Environ()))
}

// A real guest, with a folder of this computer: up and down, and up again.
func TestARealMachineComesUpAndGoesDown(t *testing.T) {
	home, shared := smallDisk(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(shared, "f"), []byte("from here"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, in := realMachine(t, home, shared)
	for range 2 {
		up(t, d)
		in.run("mountpoint /mnt/lima-data; test -b /dev/disk/by-label/lima-data; rm /dev/disk/by-label/lima-data")
		in.run(lima.KeepLabel("data")) // without the link Lima formats the disk
		in.run("test -b /dev/disk/by-label/lima-data")
		in.run("test \"$(cat " + shared + "/f)\" = 'from here'; echo 'from there' >" + shared + "/g")
		if text, err := os.ReadFile(filepath.Join(shared, "g")); err != nil || string(text) != "from there\n" {
			t.Errorf("what the guest wrote is %q, %v", text, err)
		}
		began := time.Now()
		if err := d.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("%6.1fs down", time.Since(began).Seconds())
	}
}

func TestARealMachineIsPausedWhileTheDiskIsFull(t *testing.T) {
	home := smallDisk(t)
	d, in := realMachine(t, home, t.TempDir())
	up(t, d)
	pausesWhileFull(t, d, in, home)
}

// realMachine is one that was not started, and the way into it.
func realMachine(t *testing.T, home, shared string) (*lima.Driver, guest) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	i, err := image.Find(image.Store(cache))
	if err != nil {
		t.Fatal(err)
	}
	d := lima.New(lima.Config{
		Home: home, Name: "m", Helper: filepath.Join(os.Getenv("BERTH_BIN"), lima.HelperName),
		Template: func(a lima.Accelerator) ([]byte, error) {
			return lima.Template(lima.Shape{
				CPUs: 2, MemoryBytes: 1 << 30, DiskBytes: 10 << 30, Image: i, Accelerator: a,
				Mounts: []lima.Mount{{Path: shared, Writable: true}},
			})
		},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	t.Cleanup(func() {
		if err := d.Delete(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return d, guest{t: t, config: filepath.Join(home, "m", "ssh.config")}
}

func up(t *testing.T, d *lima.Driver) {
	t.Helper()
	began := time.Now()
	name := ""
	if err := d.Start(t.Context(), func(s vm.Step) {
		if s.Name != name {
			t.Logf("%6.1fs %s", time.Since(began).Seconds(), s.Name)
			name = s.Name
		}
	}); err != nil {
		f := vm.FailureOf(err)
		t.Fatalf("%v\n%s\n%q", f, f.Hint, f.LogTail)
	}
	s, err := d.Inspect(t.Context())
	t.Logf("%6.1fs up: %+v %v", time.Since(began).Seconds(), s, err)
}

// smallDisk is a folder on a disk that a test can fill.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bl") //nolint:usetesting // t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=4g"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// pausesWhileFull fills the disk that the machine's disks are on, and has the guest write.
func pausesWhileFull(t *testing.T, d *lima.Driver, in guest, home string) {
	t.Helper()
	// It is told before the disk is full, and begins after: who talks to a machine that is paused waits with it.
	in.run("nohup sh -c 'sleep 10; exec dd if=/dev/urandom of=/mnt/lima-data/big bs=1M count=60 conv=fsync' >/dev/null 2>/run/dd.log </dev/null &")
	ballast := fill(t, home)
	warning := func() string {
		s, err := d.Inspect(t.Context())
		if err != nil || s.Phase != vm.Running {
			t.Fatalf("the machine is %+v, %v", s, err)
		}
		return s.Warning
	}
	eventually(t, "a warning", func() bool { return strings.Contains(warning(), "disk of this computer is full") })
	t.Logf("the machine is said to be paused: %s", warning())
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it goes on", func() bool { return !strings.Contains(warning(), "full") })
	in.run("for i in $(seq 60); do test \"$(stat -c %s /mnt/lima-data/big)\" = 62914560 && exit 0; sleep 1; done; cat /run/dd.log; exit 1")
}

// fill takes all that is free on a folder's disk and returns the file that holds it. It asks for no more than it is
// given: the machine writes to the same disk meanwhile, so what was free a moment ago is not.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for chunk := int64(1 << 30); chunk >= int64(os.Getpagesize()); {
		switch err := unix.Fallocate(int(f.Fd()), 0, size, chunk); {
		case err == nil:
			size += chunk
		case errors.Is(err, unix.ENOSPC):
			chunk /= 2
		case !errors.Is(err, unix.EINTR):
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// guest is one that is spoken to.
type guest struct {
	t      *testing.T
	config string
}

func (g guest) run(script string) {
	g.t.Helper()
	cmd := exec.CommandContext(g.t.Context(), "ssh", "-F", g.config, "lima-m", "sudo", "-n", "sh", "-eux")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		g.t.Fatalf("%s: %v\n%s", script, err, out)
	}
}
