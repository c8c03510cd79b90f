package lima

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// process is one that belongs to the machine: its command line names the machine's own file.
type process struct {
	pid  int
	mark string
	done <-chan struct{} // closed once it ended, if it is our child; else nil
}

// alive says whether it still runs. Of a child it is enough that nobody has waited for it: right after it was started
// the system may not show its command line yet.
func (p process) alive() bool {
	if p.pid == 0 {
		return false
	}
	if p.done == nil {
		return names(commandLine(p.pid), p.mark)
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// names says whether one of the words is the mark, or a flag with it.
func names(words []string, mark string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return w == mark || strings.HasSuffix(w, "="+mark) })
}

// hostAgent is the one that runs this machine; its pid is 0 if none does.
func (l layout) hostAgent() process { return ours(l.agentPID()) }

// qemu is the program that is the machine; its pid is 0 if none is, or if the machine is a part of the host agent.
func (l layout) qemu() process { return ours(l.qemuPID()) }

// ours finds the process whose number is in the file and whose command line names that file: a number alone may be
// anybody's by now.
func ours(file string) process {
	p := process{pid: numberIn(file), mark: file}
	if p.pid != 0 && p.alive() {
		return p
	}
	return process{}
}

// strays are the processes that were told to write their number to that file, whether they came to it or not.
func strays(file string) []process {
	var found []process
	for pid, words := range commandLines() {
		at := slices.IndexFunc(words, func(w string) bool { return w == "-pidfile" || w == "--pidfile" })
		if at >= 0 && at+1 < len(words) && words[at+1] == file {
			found = append(found, process{pid: pid, mark: file})
		}
	}
	return found
}

const endPoll = 50 * time.Millisecond

// gone waits until all have ended.
func gone(ctx context.Context, all ...process) error {
	poll := time.NewTicker(endPoll)
	defer poll.Stop()
	for slices.ContainsFunc(all, process.alive) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
	return nil
}

// end kills all of them at once and waits until they are gone.
func end(ctx context.Context, all ...process) error {
	var errs []error
	for _, p := range all {
		if p.alive() {
			errs = append(errs, kill(p.pid))
		}
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), killPatience)
	defer cancel()
	if err := gone(limited, all...); err != nil {
		return fmt.Errorf("the machine's processes do not end: %w", errors.Join(append(errs, err)...))
	}
	return nil
}

// ssh runs a command of the connection that the host agent holds. Nothing it starts may hold our pipes.
func (l layout) ssh(ctx context.Context, args ...string) error {
	limited, cancel := context.WithTimeout(ctx, sshPatience)
	defer cancel()
	args = append([]string{"-F", l.sshConfig(), "-o", "BatchMode=yes"}, args...)
	return exec.CommandContext(limited, "ssh", args...).Run()
}
