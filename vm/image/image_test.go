package image_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/vm/image"
	"github.com/berth-desktop/berth/vm/lima"
)

// made is what build.sh leaves.
func made() map[string]string {
	return map[string]string{
		"disk.qcow2": "disk", "vmlinuz": "kernel", "initrd": "initrd", "cmdline": "root=/dev/vda rw\n",
		"SHA256SUMS": "d15c  disk.qcow2\n4e12  vmlinuz\n1417  initrd\nc0de  cmdline\n",
	}
}

func lay(t *testing.T, files map[string]string) (store, dir string) {
	t.Helper()
	store = t.TempDir()
	dir = filepath.Join(store, "0123456789abcdef")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Base(dir), filepath.Join(store, "current")); err != nil {
		t.Fatal(err)
	}
	return store, dir
}

func TestFindTakesTheNewestImageWithItsChecksum(t *testing.T) {
	store, dir := lay(t, made())
	got, err := image.Find(store)
	if err != nil {
		t.Fatal(err)
	}
	want := lima.Image{
		Arch: lima.Arch(), Disk: filepath.Join(dir, "disk.qcow2"), Digest: "sha256:d15c", Kernel: filepath.Join(dir, "vmlinuz"),
		Initrd: filepath.Join(dir, "initrd"), Cmdline: "root=/dev/vda rw",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("image (-want +got):\n%s", diff)
	}
}

func TestFindRefusesAnImageThatIsNotWhole(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(files map[string]string)
		says   string
	}{
		{"no kernel", func(f map[string]string) { delete(f, "vmlinuz") }, "not whole"},
		{"no checksums", func(f map[string]string) { delete(f, "SHA256SUMS") }, "checksums"},
		{"no command line", func(f map[string]string) { delete(f, "cmdline") }, "command line"},
		{"a disk without a checksum", func(f map[string]string) { f["SHA256SUMS"] = "4e12  vmlinuz\n1417  initrd\n" }, "make it again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := made()
			c.change(files)
			store, _ := lay(t, files)
			if _, err := image.Find(store); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}

func TestFindSaysThatThereIsNone(t *testing.T) {
	if _, err := image.Find(t.TempDir()); !errors.Is(err, image.ErrNone) {
		t.Errorf("got %v", err)
	}
}
