package native

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a program of this engine: one that we launched, or one that we found running.
// It is held by a pidfd, so a signal cannot hit a stranger that got the same pid.
type process struct {
	pid    int
	handle *os.Process
	done   chan struct{} // closed when it has ended
	how    string        // how it ended; valid once done is closed; empty if we are not its parent
}

// launch starts a program that outlives us: it has a session of its own, so neither Ctrl-C nor a closed terminal
// reaches it, and its output goes to a file.
func launch(cmd *exec.Cmd) (*process, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{pid: cmd.Process.Pid, handle: cmd.Process, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		p.how = "exit status 0"
		if err := cmd.Wait(); err != nil {
			p.how = err.Error()
		}
	}()
	p.untilShown()
	return p, nil
}

// untilShown waits until /proc tells the process's command line, by which it is found when it is to end: the kernel
// says that the program was loaded a moment before it shows it, and a start that is cancelled just then would leave it.
func (p *process) untilShown() {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for len(commandLine(p.pid)) == 0 {
		select {
		case <-p.done:
			return
		case <-tick.C:
		}
	}
}

// hold takes a handle of a running process and then checks, through /proc, that it is the one that was meant: from
// there on the handle cannot come to mean another. It returns nil if it is not the one, or not any more.
func hold(pid int, meant func(pid int) bool) (*process, error) {
	handle, err := os.FindProcess(pid)
	if err != nil {
		return nil, fmt.Errorf("open a handle of process %d: %w", pid, err)
	}
	if !meant(pid) {
		return nil, handle.Release()
	}
	p := &process{pid: pid, handle: handle, done: make(chan struct{})}
	held := make(chan error, 1)
	go func() {
		defer close(p.done)
		err := handle.WithHandle(func(fd uintptr) {
			held <- nil
			waitForExit(int32(fd))
		})
		held <- err // nobody reads it if the handle was good
	}()
	switch err := <-held; {
	case errors.Is(err, os.ErrProcessDone):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("hold process %d: %w: Berth needs Linux 5.4 or newer", pid, err)
	}
	return p, nil
}

// waitForExit blocks until the process of a pidfd has ended; unlike a wait it does so for any process, and does not
// depend on the parent to reap it.
func waitForExit(fd int32) {
	fds := []unix.PollFd{{Fd: fd, Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// end asks the process to go and waits; once the grace or ctx is over it is made to.
func (p *process) end(ctx context.Context, grace time.Duration) error {
	if err := p.handle.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end process %d: %w", p.pid, err)
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return p.kill()
}

// kill ends the process at once and waits until it is gone. One that the kernel cannot end (its disk hangs) is given
// up.
func (p *process) kill() error {
	if err := p.handle.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill process %d: %w", p.pid, err)
	}
	timer := time.NewTimer(killPatience)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		return fmt.Errorf("process %d does not end, not even when killed: it may wait for a disk", p.pid)
	}
}
