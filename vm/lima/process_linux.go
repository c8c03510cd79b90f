package lima

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

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

// free is the room on the disk of a folder, for us.
func free(dir string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * s.Bsize, nil
}
