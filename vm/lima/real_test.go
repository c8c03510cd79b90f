//go:build machine

package lima_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/image"
	"github.com/berth-desktop/berth/vm/lima"
)

// The shipped Berth on a machine whose QEMU is QEMU: `make test-vm`.
func TestTheShippedBerthKeepsARealMachine(t *testing.T) {
	lifeOfAMachine(t, newShipped(t, os.Environ()))
}

// A real guest, twice up and down.
func TestARealMachineComesUpAndGoesDown(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	i, err := image.Find(image.Store(cache))
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "bl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	d := lima.New(lima.Config{
		Home: home, Name: "m", Helper: filepath.Join(os.Getenv("BERTH_BIN"), lima.HelperName),
		Template: func(a lima.Accelerator) ([]byte, error) {
			return lima.Template(lima.Shape{CPUs: 2, MemoryBytes: 1 << 30, DiskBytes: 10 << 30, Image: i, Accelerator: a})
		},
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	t.Cleanup(func() {
		if err := d.Delete(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	began := time.Now()
	name := ""
	up := func() {
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
	for range 2 {
		up()
		staysItself(t, filepath.Join(home, "m", "ssh.config"))
		began = time.Now()
		if err := d.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("%6.1fs down", time.Since(began).Seconds())
		began = time.Now()
	}
}

// staysItself loses the link that tells Lima not to format the engine's disk, and looks whether the guest makes it anew.
func staysItself(t *testing.T, config string) {
	t.Helper()
	run := func(script string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "ssh", "-F", config, "lima-m", "sudo", "-n", "sh", "-eux")
		cmd.Stdin = strings.NewReader(script)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	run("mountpoint /mnt/lima-data; test -b /dev/disk/by-label/lima-data; rm /dev/disk/by-label/lima-data")
	run(lima.KeepLabel("data"))
	run("test -b /dev/disk/by-label/lima-data")
}
