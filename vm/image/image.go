// Package image finds the guest's system that build.sh made. `make guest-image` runs it, on a Debian machine.
package image

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/berth-desktop/berth/vm/lima"
)

// ErrNone says that no image was made here.
var ErrNone = errors.New("no guest image was made on this machine")

// Store is where build.sh leaves what it makes, below a user's cache folder.
func Store(cache string) string { return filepath.Join(cache, "berth", "guest-image") }

// Find returns the newest image of a store, or ErrNone.
func Find(store string) (lima.Image, error) {
	dir, err := filepath.EvalSymlinks(filepath.Join(store, "current"))
	if errors.Is(err, fs.ErrNotExist) {
		return lima.Image{}, ErrNone
	}
	if err != nil {
		return lima.Image{}, fmt.Errorf("find the guest image: %w", err)
	}
	sums, err := checksums(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		return lima.Image{}, fmt.Errorf("read the guest image's checksums: %w", err)
	}
	cmdline, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return lima.Image{}, fmt.Errorf("read the guest image's command line: %w", err)
	}
	i := lima.Image{
		Arch: lima.Arch(), Disk: filepath.Join(dir, "disk.qcow2"), Kernel: filepath.Join(dir, "vmlinuz"),
		Initrd: filepath.Join(dir, "initrd"), Cmdline: strings.TrimSpace(string(cmdline)),
	}
	for _, file := range []string{i.Disk, i.Kernel, i.Initrd} {
		if sums[filepath.Base(file)] == "" {
			return lima.Image{}, fmt.Errorf("the guest image in %s has no checksum of %s: make it again", dir, filepath.Base(file))
		}
		if _, err := os.Stat(file); err != nil {
			return lima.Image{}, fmt.Errorf("the guest image is not whole: %w", err)
		}
	}
	i.Digest = "sha256:" + sums["disk.qcow2"] // Lima checks it when it copies the disk
	return i, nil
}

func checksums(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sums := make(map[string]string)
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if w := strings.Fields(lines.Text()); len(w) == 2 {
			sums[w[1]] = w[0]
		}
	}
	return sums, lines.Err()
}
