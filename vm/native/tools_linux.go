package native

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/berth-desktop/berth/vm"
)

// tools are the programs that an engine needs.
type tools struct {
	dockerd    string
	containerd string
	// rootless is the script that starts dockerd for a user who is not root; containerd is then dockerd's own.
	rootless string
}

// Available returns nil if an engine of our own can be started here, and a *vm.Failure that says what is missing if not.
func Available() error {
	if _, err := findTools("", os.Getuid(), installed); err != nil || os.Getuid() == 0 {
		return err
	}
	return thisAccount().check()
}

// installed finds a program on PATH, or where distributions put what is for root or for Docker: the PATH of a desktop
// session lacks those.
func installed(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/share/docker.io/contrib"} {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	return ""
}

func findTools(dockerd string, uid int, find func(string) string) (tools, error) {
	if dockerd == "" {
		dockerd = "dockerd"
	}
	t := tools{dockerd: find(dockerd)}
	if t.dockerd == "" {
		return t, &vm.Failure{Message: "Docker is not installed: " + dockerd + " was not found", Hint: "sudo apt install docker.io"}
	}
	if uid != 0 {
		return findRootless(t, find)
	}
	if t.containerd = find("containerd"); t.containerd == "" {
		return t, &vm.Failure{Message: "containerd is not installed, and Docker cannot run without it", Hint: "sudo apt install containerd"}
	}
	return t, nil
}
