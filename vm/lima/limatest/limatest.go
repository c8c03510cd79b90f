//go:build linux

// Package limatest stands in for QEMU, for tests: it runs the guest as a container of namespaces instead of a machine.
// All else is real: Lima's host agent, its ssh connection, cloud-init and Lima's scripts in the guest, systemd, Docker, the
// guest agent, forwarded ports. Not real are the kernel, disks and their formats, the network's far side.
//
// It needs root. A guest never outlives the process that stands in for QEMU: the kernel ends it, and a guard with a pipe
// from that process takes the guest's control group away.
package limatest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gofrs/flock"

	"github.com/berth-desktop/berth/vm/image"
	"github.com/berth-desktop/berth/vm/lima"
	"github.com/berth-desktop/berth/vm/lima/lima1"
)

const (
	qemuName = "qemu-system-x86_64"
	envTree  = "BERTH_STANDIN_TREE"
	envFault = "BERTH_STANDIN_FAULT"
)

// The faults that a guest can be given.
const (
	FaultPanic = "panic" // its kernel gives up
	FaultFirst = "first" // so it does at its first boot
	FaultDeaf  = "deaf"  // ssh never answers
	FaultLate  = "late"  // its guest agent comes up after Lima has looked for it
	FaultBare  = "bare"  // it does not see the engine's disk
	FaultStays = "stays" // it does not shut down when it is asked to
)

// Main runs the tests, or is berth-lima if a test has started this program under that name. TestMain calls it.
func Main(m *testing.M) {
	if filepath.Base(os.Args[0]) == lima.HelperName {
		os.Exit(lima1.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Programs makes a folder with berth-lima, its guest agent and the stand-in.
func Programs(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, lima.HelperName)); err != nil {
		t.Fatal(err)
	}
	run(t, "go", "build", "-o", filepath.Join(dir, qemuName), "github.com/berth-desktop/berth/vm/lima/limatest/standin")
	agent := filepath.Join(tree(t), "usr/local/bin/lima-guestagent")
	if err := os.Symlink(agent, filepath.Join(dir, "lima-guestagent.Linux-x86_64")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Environ is what berth-lima needs to use the stand-in in that folder, with a fault if there is to be one.
func Environ(t testing.TB, programs, fault string) []string {
	t.Helper()
	return append(os.Environ(), "QEMU_SYSTEM_X86_64="+filepath.Join(programs, qemuName), envTree+"="+tree(t), envFault+"="+fault)
}

// tree is the guest's root, made by vm/image/build.sh. The first test that needs it makes it, which takes minutes.
func tree(t testing.TB) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	store := image.Store(cache)
	if err := os.MkdirAll(store, 0o755); err != nil {
		t.Fatal(err)
	}
	one := flock.New(filepath.Join(store, ".lock")) // tests and programs run side by side
	if err := one.Lock(); err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	root := filepath.Join(store, "current", "root")
	if _, err := os.Stat(root); err != nil {
		build(t, store)
	}
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

func build(t testing.TB, store string) {
	t.Helper()
	agent := filepath.Join(t.TempDir(), "lima-guestagent")
	run(t, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", agent, "github.com/lima-vm/lima/cmd/lima-guestagent")
	run(t, filepath.Join(moduleRoot(t), "vm/image/build.sh"), agent, store)
}

// run runs a program in the module's folder. It may be long; the test's own limit ends it.
func run(t testing.TB, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = moduleRoot(t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("these tests run in the module's folder")
		}
		dir = filepath.Dir(dir)
	}
}

// Image is what a template says of the stand-in's guest: Lima wants files, and looks at the disk's format.
func Image(t testing.TB) lima.Image {
	t.Helper()
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk.raw")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	return lima.Image{Arch: "x86_64", Disk: disk}
}

// Pause has the stand-in say that it halted the machine for a full disk, until somebody lets it go on.
func Pause(home, name string) error {
	return os.WriteFile(paused(filepath.Join(home, name)), nil, 0o600)
}

func paused(instance string) string { return filepath.Join(instance, "standin", "paused") }

// Enter makes a command run in the guest whose stand-in has that number.
func Enter(ctx context.Context, home, name string, command ...string) *exec.Cmd {
	text, _ := os.ReadFile(filepath.Join(home, name, "standin", "guest.pid"))
	args := append([]string{"-a", "-t", string(text)}, command...)
	return exec.CommandContext(ctx, "nsenter", args...)
}
