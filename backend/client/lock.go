package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/gofrs/flock"

	"github.com/berth-desktop/berth/backend/paths"
)

const (
	// glance is how often the lock and the socket are looked at while something is waited for.
	glance = 20 * time.Millisecond
	// farewell is how long a daemon may take to end: it stops an engine of its own first.
	farewell = 30 * time.Second
)

// ErrRunning says that another process is the daemon of the instance.
var ErrRunning = errors.New("another daemon runs")

// ending is what a daemon that has been told to end writes behind its process id: it answers to the last, and yet nobody
// should begin anything with it.
const ending = " ending"

// Hold makes the calling process the one daemon of the instance until release. It waits for one that is about to end,
// and returns ErrRunning once one answers. The end of ctx is taken for the beginning of the daemon's.
func Hold(ctx context.Context, p paths.Paths) (release func() error, err error) {
	life := ctx
	if err := os.MkdirAll(p.State, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of state: %w", err)
	}
	if err := os.MkdirAll(p.Runtime, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of sockets: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	other := newClient(p.APISocket())
	defer other.Close()

	lock := flock.New(p.Lock())
	err = until(ctx, func() (bool, error) {
		mine, err := lock.TryLock()
		if err != nil {
			return false, fmt.Errorf("lock %s: %w", p.Lock(), err)
		}
		if !mine && !isEnding(p) && other.hello(ctx) == nil {
			return false, fmt.Errorf("%w (process %s)", ErrRunning, holder(p))
		}
		return mine, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("%w: process %s holds %s and does not answer", ErrRunning, holder(p), p.Lock())
	}
	if err != nil {
		return nil, err
	}
	err = errors.Join(os.WriteFile(p.Lock(), []byte(strconv.Itoa(os.Getpid())), 0o600), os.WriteFile(p.RuntimeMark(), []byte(p.Runtime), 0o600))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("say who the daemon is: %w", err), lock.Unlock())
	}
	told := make(chan struct{})
	forget := context.AfterFunc(life, func() {
		defer close(told)
		_ = os.WriteFile(p.Lock(), []byte(strconv.Itoa(os.Getpid())+ending), 0o600) // it only spares others a wait in vain
	})
	// The id goes before the lock does, so that Quit finds none or the right one. The file stays: a new one would be
	// another lock.
	return func() error {
		if !forget() {
			<-told
		}
		_ = os.Remove(p.RuntimeMark()) // what a killed daemon leaves of it does no harm either
		return errors.Join(os.Truncate(p.Lock(), 0), lock.Unlock())
	}, nil
}

// isEnding says whether the daemon has been told to end.
func isEnding(p paths.Paths) bool {
	text, err := os.ReadFile(p.Lock())
	return err == nil && strings.HasSuffix(string(text), ending)
}

// holder is the process id in the lock file, or "?".
func holder(p paths.Paths) string {
	text, err := os.ReadFile(p.Lock())
	if id, _, _ := strings.Cut(strings.TrimSpace(string(text)), " "); err == nil && id != "" {
		return id
	}
	return "?"
}

// neverHeld says that no daemon of the instance has ever begun.
func neverHeld(p paths.Paths) bool {
	_, err := os.Stat(p.Lock())
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// Quit ends the daemon of the instance in order and returns once it is gone. None to end is no error.
func Quit(ctx context.Context, p paths.Paths) error {
	if neverHeld(p) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	lock := flock.New(p.Lock())
	asked := 0 // whom we asked to end; one that waited for its turn may come next
	return until(ctx, func() (bool, error) {
		free, err := lock.TryLock()
		if err != nil {
			return false, fmt.Errorf("lock %s: %w", p.Lock(), err)
		}
		if free {
			return true, lock.Unlock()
		}
		pid, err := strconv.Atoi(holder(p))
		if err != nil || pid == asked {
			return false, nil //nolint:nilerr // a daemon that has just begun has not yet written its id
		}
		asked = pid
		return false, terminate(pid)
	})
}

func terminate(pid int) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return fmt.Errorf("find the daemon's process %d: %w", pid, err)
	}
	if err := process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ask process %d to end: %w", pid, err)
	}
	return nil
}

// until calls done again and again until it says so, fails, or ctx ends.
func until(ctx context.Context, done func() (bool, error)) error {
	t := time.NewTicker(glance)
	defer t.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
