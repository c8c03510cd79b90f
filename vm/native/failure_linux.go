package native

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/berth-desktop/berth/vm"
)

// explain turns the end of an engine into words: what happened, and what to do next.
func (l layout) explain(what string, cause error, lines []string) *vm.Failure {
	f := &vm.Failure{Message: what, Hint: "The log says more: " + l.log, LogTail: lines, Err: cause}
	reason := said(lines)
	if reason != "" {
		f.Message += ": " + reason
	}
	text := strings.ToLower(strings.Join(lines, "\n"))
	switch {
	case isDiskFull(text):
		f.Hint = fmt.Sprintf("Free some space on the disk of %s, then start again", l.data)
	case strings.Contains(text, "address already in use"):
		f.Hint = "Another program uses a socket or port of this engine: end it, then start again"
	case strings.Contains(text, "devices cgroup isn't mounted"), strings.Contains(text, "cgroup mountpoint does not exist"):
		f.Hint = "The system lacks control groups: mount them, or install cgroupfs-mount"
	case strings.Contains(text, "read-only file system"):
		f.Hint = fmt.Sprintf("The disk of %s is read-only: it may be damaged, or BERTH_HOME should name another", l.data)
	case strings.Contains(text, "permission denied"), strings.Contains(text, "operation not permitted"):
		f.Hint = fmt.Sprintf("The system refused something that Docker needs: start Berth as the owner of %s", l.data)
	}
	return f
}

// said finds the sentence with which dockerd gave up.
func said(lines []string) string {
	const marker = "failed to start daemon: "
	for _, line := range slices.Backward(lines) {
		if _, reason, ok := strings.Cut(line, marker); ok {
			return strings.Trim(reason, `"`)
		}
	}
	return ""
}

func isDiskFull(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "no space left on device") || strings.Contains(text, "disk quota exceeded")
}

// errEnded is the cause of a start that a program of the engine did not survive.
var errEnded = errors.New("it ended")
