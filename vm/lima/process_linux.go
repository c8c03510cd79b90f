package lima

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// commandLine is empty for one that has ended, also if nobody has waited for it yet.
func commandLine(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || len(text) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimRight(text, "\x00")), "\x00")
}

// commandLines are those of all processes.
func commandLines() map[int][]string {
	all := map[int][]string{}
	found, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, f := range found {
		if pid, err := strconv.Atoi(f.Name()); err == nil {
			all[pid] = commandLine(pid)
		}
	}
	return all
}

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

// free is the room on the disk of a folder, for us.
func free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}
