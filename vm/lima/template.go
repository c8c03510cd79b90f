package lima

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// Shape is what a machine is to be like.
type Shape struct {
	CPUs        int
	MemoryBytes int64
	// DiskBytes is the size of the engine's disk: images, containers and volumes. It can grow, never shrink.
	DiskBytes int64
	Mounts    []Mount
	Image     Image
	// Accelerator is what the driver found to work; empty leaves it to Lima.
	Accelerator Accelerator
	// Socket is where the engine is reached on this host; empty means docker.sock in the machine's folder.
	Socket string
	// Data names the disk of the engine; empty means "data". It outlives the system disk.
	Data string
}

// Mount shows a folder of this host in the machine, under the same path.
type Mount struct {
	Path     string
	Writable bool
}

// Image is a guest's system disk: files or URLs.
type Image struct {
	// Arch is Lima's name of the architecture: x86_64 or aarch64; empty means this host's.
	Arch string
	Disk string
	// Digest is that of Disk, such as "sha512:…"; empty trusts the file.
	Digest string
	// Kernel and Initrd are booted directly. Without them the disk's own boot loader is.
	Kernel, Initrd string
	// Cmdline is what the kernel is told.
	Cmdline string
	// Bare says that Docker is not on it yet: it is installed when the machine first boots, from the distribution.
	Bare bool
}

// Arch is Lima's name of this host's architecture.
func Arch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return runtime.GOARCH
}

const (
	// systemDisk is the size of the disk that holds the guest's system. What matters is on the engine's.
	systemDisk = "8GiB"
	guestUser  = "berth"
	guestUID   = 1000
	mib        = 1 << 20
	// maxDiskName is what ext4's label of 16 letters has left for a name after "lima-".
	maxDiskName = 11
	slowCPU     = "max,-cx16,-la57" // without an accelerator
)

type document map[string]any

// Template writes the Lima YAML of a machine of that shape.
func Template(s Shape) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.Image.Arch == "" {
		s.Image.Arch = Arch()
	}
	if s.Data == "" {
		s.Data = "data"
	}
	socket := s.Socket
	if socket == "" {
		socket = "{{.Dir}}/docker.sock"
	}
	d := document{
		"minimumLimaVersion": "1.2.0",
		"vmType":             vmType(s.Accelerator),
		"arch":               s.Image.Arch,
		"cpus":               s.CPUs,
		"memory":             fmt.Sprintf("%dMiB", s.MemoryBytes/mib),
		"disk":               systemDisk,
		"images":             []any{s.Image.document()},
		"user":               document{"name": guestUser, "uid": uid(), "home": "/home/" + guestUser},
		"mounts":             mounts(s.Mounts),
		"containerd":         document{"system": false, "user": false},
		"ssh":                document{"loadDotSSHPubKeys": false, "forwardAgent": false},
		"video":              document{"display": "none"},
		"additionalDisks":    []any{document{"name": s.Data, "format": true, "fsType": "ext4"}},
		"param":              document{dataBytes: strconv.FormatInt(s.DiskBytes, 10), dataDisk: s.Data},
		"provision":          provision(s.Image.Bare),
		"probes": []any{document{
			"description": probeDocker,
			"script":      waitForDocker,
			"hint":        "see /var/log/cloud-init-output.log in the guest",
		}},
		// The first rule that fits wins. What only the guest itself listens on is not for the host.
		"portForwards": []any{
			document{"guestSocket": "/run/docker.sock", "hostSocket": socket},
			document{"guestPortRange": []int{1, 122}, "guestIPMustBeZero": false, "guestIP": "127.0.0.1", "ignore": true},
			document{"guestPort": 5355, "guestIP": "0.0.0.0", "ignore": true},
			document{"guestPort": 53, "guestIP": "0.0.0.0", "ignore": true},
		},
	}
	// A guest that only QEMU can boot is not told of vz' way of sharing folders.
	if d["vmType"] == "qemu" {
		d["mountType"] = "reverse-sshfs"
		d["firmware"] = document{"legacyBIOS": s.Image.Arch == "x86_64"}
	}
	if s.Accelerator == TCG && s.Image.Arch == "x86_64" {
		// QEMU 7.2 corrupts a kernel that uses cmpxchg16b, and five-level page tables cost time.
		d["cpuType"] = document{"x86_64": slowCPU}
	}
	text, err := yaml.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("write the template: %w", err)
	}
	return text, nil
}

func (s Shape) check() error {
	switch {
	case s.CPUs < 1:
		return errors.New("a machine needs at least one CPU")
	case s.MemoryBytes < 512*mib:
		return errors.New("a machine needs at least 512 MiB of memory")
	case s.DiskBytes < 1024*mib:
		return errors.New("the engine needs a disk of at least 1 GiB")
	case len(s.Data) > maxDiskName:
		return fmt.Errorf("the disk's name %q is longer than %d letters: its label would be cut, and Lima format it at each boot", s.Data, maxDiskName)
	case s.Image.Disk == "":
		return errors.New("a machine needs an image")
	}
	for _, m := range s.Mounts {
		if !filepath.IsAbs(m.Path) {
			return fmt.Errorf("the folder %q is to be mounted, but is no absolute path", m.Path)
		}
		if strings.ContainsAny(m.Path, "{}\n") {
			return fmt.Errorf("the folder %q cannot be mounted: its name has a brace or a line break", m.Path)
		}
	}
	return nil
}

func (i Image) document() document {
	d := document{"location": i.Disk, "arch": i.Arch}
	if i.Digest != "" {
		d["digest"] = i.Digest
	}
	if i.Kernel != "" {
		d["kernel"] = document{"location": i.Kernel, "cmdline": i.Cmdline}
	}
	if i.Initrd != "" {
		d["initrd"] = document{"location": i.Initrd}
	}
	return d
}

func vmType(a Accelerator) string {
	switch {
	case a == VZ, a == "" && runtime.GOOS == "darwin":
		return "vz"
	case a == WSL2, a == "" && runtime.GOOS == "windows":
		return "wsl2"
	}
	return "qemu"
}

// uid is the user's in the guest. Files in mounts belong to the same number there; root's are the exception: the
// guest's user is none.
func uid() int {
	if id := os.Getuid(); id > 0 {
		return id
	}
	return guestUID
}

func mounts(all []Mount) []any {
	out := []any{}
	sorted := slices.SortedFunc(slices.Values(all), func(a, b Mount) int { return strings.Compare(a.Path, b.Path) })
	for _, m := range sorted {
		out = append(out, document{"location": m.Path, "writable": m.Writable})
	}
	return out
}
