//go:build unix

package lima

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

func kill(pid int) error {
	if err := unix.Kill(pid, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// interrupt asks a host agent to shut the machine down.
func interrupt(pid int) error { return unix.Kill(pid, unix.SIGINT) }

// apart keeps what happens to the daemon's terminal and session from the machine.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
