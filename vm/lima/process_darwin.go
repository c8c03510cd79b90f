package lima

import (
	"context"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// commandLine cannot tell the words of a command line apart: the paths in it have no spaces, as ssh could not use them.
func commandLine(pid int) []string {
	ctx, cancel := context.WithTimeout(context.Background(), sshPatience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil
	}
	return strings.Fields(string(out))
}

// commandLines are those of all processes, in words as commandLine has them.
func commandLines() map[int][]string {
	ctx, cancel := context.WithTimeout(context.Background(), sshPatience)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ps", "-axww", "-o", "pid=,command=").Output()
	if err != nil {
		return nil
	}
	all := map[int][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if pid, err := strconv.Atoi(words[0]); err == nil {
			all[pid] = words[1:]
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
	return int64(s.Bavail) * int64(s.Bsize), nil
}
