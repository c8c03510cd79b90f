// Package lima houses the engine in a virtual machine that Lima runs: on macOS and Windows, and on Linux for whoever
// wants it.
//
// It links nothing of Lima. The program berth-lima does (vm/lima/lima1), so that the daemon does not carry it: one run
// of it for each question, and one that lives as long as the machine, the host agent. The driver starts the host agent
// itself, reads its events and the guest's console, and finds both processes by the folders on their command lines,
// never by a number from a file alone.
package lima

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Accelerator is what runs the guest's instructions.
type Accelerator string

// The accelerators.
const (
	KVM  Accelerator = "kvm"
	TCG  Accelerator = "tcg" // none: QEMU translates each instruction
	VZ   Accelerator = "vz"
	WSL2 Accelerator = "wsl2"
)

// Config is where one machine lives.
type Config struct {
	// Home holds the machine, its disks and its keys. Sockets lie in it, so its path must be short.
	Home string
	// Name is the machine's, unique in Home.
	Name string
	// Socket is where docker clients reach the engine; empty means docker.sock in the machine's folder. It must be the
	// one in the template.
	Socket string
	// Template is the Lima YAML that is wanted now, for the accelerator that was found to work. Template makes it.
	Template func(Accelerator) ([]byte, error)
	// Helper is the program berth-lima; empty means the one beside this program, or the one on PATH.
	Helper string
	// Environ is what the helper's processes get; nil means this process' own.
	Environ []string
	Logger  *slog.Logger
}

// HelperName is the name of the program that links Lima.
const HelperName = "berth-lima"

// FindHelper finds the program that links Lima: the given one, or else the one beside this program or on PATH. Links are
// followed: Lima looks for its guest agent where its program seems to lie, and would take that of an installed Lima.
func FindHelper(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	name := HelperName
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), name)
		if found, err := filepath.EvalSymlinks(beside); err == nil {
			return found, nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("look for %s: %w", name, err)
		}
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(found)
}
