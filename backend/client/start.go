package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/berth-desktop/berth/backend/paths"
)

const (
	// startTimeout is how long a daemon may take until it answers.
	startTimeout = 10 * time.Second
	// maxOutput is how much of what daemons wrote to stderr is kept.
	maxOutput = 1 << 20
	tailLines = 10
)

// StartError says that a daemon was started and is of no use. It wraps ErrUnreachable.
type StartError struct {
	// Reason is what went wrong.
	Reason string
	// Log is where the daemon writes what it does.
	Log string
	// Tail is the end of what it said before it ended.
	Tail []string
}

// Error implements error.
func (e *StartError) Error() string {
	if len(e.Tail) == 0 {
		return e.Reason
	}
	return e.Reason + ": " + strings.Join(e.Tail, "; ")
}

// Unwrap gives ErrUnreachable.
func (e *StartError) Unwrap() error { return ErrUnreachable }

// start starts a daemon and returns once one answers. That may be another one than ours: where two faces start one at
// the same time, the lock decides.
func (c *Client) start(ctx context.Context, o Options) error {
	up, err := c.outlast(ctx, o.Paths)
	if up || err != nil {
		return err
	}
	d, err := launch(o)
	if err != nil {
		return err
	}
	o.Log.Info("Started the daemon", "pid", d.pid, "log", o.Paths.DaemonLog())
	limited, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	err = until(limited, func() (bool, error) {
		ended := d.hasEnded() // before the look at the socket: a loser has seen the winner answer
		if c.hello(limited) == nil {
			return true, nil
		}
		if ended {
			return false, d.failure(o.Paths)
		}
		return false, nil
	})
	if winner, unknown := strconv.Atoi(holder(o.Paths)); err == nil && unknown == nil && winner != d.pid {
		d.abandon() // it waits for its turn, and must not get it when the winner is told to end
	}
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return &StartError{Reason: fmt.Sprintf("the daemon does not answer after %s", startTimeout), Log: o.Paths.DaemonLog(), Tail: d.tail()}
	}
	return err
}

// outlast waits while another process holds the lock: a daemon that is about to answer, for which it returns true, or
// one that is about to end.
func (c *Client) outlast(ctx context.Context, p paths.Paths) (up bool, err error) {
	if neverHeld(p) {
		return false, nil
	}
	limited, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	lock := flock.New(p.Lock())
	err = until(limited, func() (bool, error) {
		free, err := lock.TryLock()
		if err != nil {
			return false, fmt.Errorf("lock %s: %w", p.Lock(), err)
		}
		if free {
			return true, lock.Unlock()
		}
		up = !isEnding(p) && c.hello(limited) == nil
		return up, nil
	})
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		reason := fmt.Sprintf("the daemon (process %s) neither answers nor ends", holder(p))
		return false, &StartError{Reason: reason, Log: p.DaemonLog()}
	}
	return up, err
}

// launched is a daemon that was started and outlives us.
type launched struct {
	pid    int
	kill   func() error
	ended  chan struct{}
	output string
	from   int64 // where its part of output begins
}

func launch(o Options) (*launched, error) {
	program := o.Executable
	if program == "" {
		var err error
		if program, err = Sibling("berth"); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
		}
	}
	if err := os.MkdirAll(o.Paths.Logs(), 0o700); err != nil {
		return nil, fmt.Errorf("%w: make the folder of logs: %w", ErrUnreachable, err)
	}
	out, from, err := openOutput(filepath.Join(o.Paths.Logs(), "berth.stderr.log"))
	if err != nil {
		return nil, err
	}
	defer out.Close()

	cmd := exec.Command(program, "serve", "--background") //nolint:noctx // it outlives us
	cmd.Dir = o.Paths.State                               // not where we are: it would keep that busy
	cmd.Env = environment(o)
	// A file and not a pipe: a daemon that writes to a pipe whose reader is gone is killed.
	cmd.Stdout, cmd.Stderr = out, out
	Detach(cmd)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: start %s: %w", ErrUnreachable, program, err)
	}
	d := &launched{pid: cmd.Process.Pid, kill: cmd.Process.Kill, ended: make(chan struct{}), output: out.Name(), from: from}
	go func() {
		defer close(d.ended)
		_ = cmd.Wait() // a long-lived face must collect its child; how it ended is in its log
	}()
	return d, nil
}

// openOutput opens the file that takes what the daemon says before and beside its log, such as a panic.
func openOutput(name string) (*os.File, int64, error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(name); err == nil && info.Size() > maxOutput {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open the daemon's output: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("look at the daemon's output: %w", err), f.Close())
	}
	return f, info.Size(), nil
}

// environment is the daemon's: a relative home would mean another place from its working folder.
func environment(o Options) []string {
	env := o.Env
	if env == nil {
		env = os.Environ()
	}
	env = append([]string(nil), env...)
	for i, entry := range env {
		home, ok := strings.CutPrefix(entry, paths.EnvHome+"=")
		if !ok || home == "" {
			continue
		}
		if abs, err := filepath.Abs(home); err == nil {
			env[i] = paths.EnvHome + "=" + abs
		}
	}
	return env
}

// abandon ends one that is not the daemon of its instance.
func (d *launched) abandon() {
	_ = d.kill() // it may have ended by itself
	<-d.ended
}

// failure is that of a daemon that ended at once. One without a word found no room to write it.
func (d *launched) failure(p paths.Paths) *StartError {
	e := &StartError{Reason: "the daemon ended at once", Log: p.DaemonLog(), Tail: d.tail()}
	if len(e.Tail) > 0 {
		return e
	}
	probe := filepath.Join(p.Logs(), ".room")
	err := os.WriteFile(probe, make([]byte, 1), 0o600)
	_ = os.Remove(probe) // it may not be there
	if err != nil {
		e.Reason += ", as nothing can be written to " + p.Logs()
		e.Tail = []string{err.Error(), "make room on that disk, or set " + paths.EnvHome + " to a folder on another"}
	}
	return e
}

func (d *launched) hasEnded() bool {
	select {
	case <-d.ended:
		return true
	default:
		return false
	}
}

// tail is the last lines of what the daemon said since it was started.
func (d *launched) tail() []string {
	f, err := os.Open(d.output)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, d.from, maxOutput))
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines[max(0, len(lines)-tailLines):]
}

// Sibling finds one of Berth's programs: beside the one that runs, or on PATH.
func Sibling(name string) (string, error) {
	file := name
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	if self, err := os.Executable(); err == nil {
		// It may have been started by a link to it.
		for _, at := range []string{self, resolved(self)} {
			if path := filepath.Join(filepath.Dir(at), file); isFile(path) {
				return path, nil
			}
		}
	}
	path, err := exec.LookPath(file)
	if err != nil {
		return "", fmt.Errorf("%s is neither beside this program nor on PATH: install Berth again", name)
	}
	return filepath.Abs(path)
}

func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
