// Package instance keeps a face to one process per user, and lets other processes ask something of the one that runs.
//
// A lock file decides who is the one, a unix socket beside it carries single words or a link. Both work without a bus,
// which a desktop's own means of raising a running program need.
package instance

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// The faces that there is one of.
const (
	Window = "window"
	Tray   = "tray"
)

// The words that a face understands.
const (
	// Raise asks a window to come to the front. A link (app/link) as the word asks it to show that page as well.
	Raise = "raise"
	// Quit asks a face to end.
	Quit = "quit"
)

// ExitNowhere is the exit code of a window's process that has shown a window, but not what it was asked to show, and has
// said so there.
const ExitNowhere = 2

const (
	patience = 2 * time.Second
	farewell = 5 * time.Second
	glance   = 20 * time.Millisecond
	maxWord  = 256 // the longest link fits
)

// ErrTaken says that another process is the one.
var ErrTaken = errors.New("another process is running")

// Claim is the right to be the one process of a face. Run serves it, Close gives it up.
type Claim struct {
	lock     *flock.Flock
	listener net.Listener
}

// New claims the face called name in dir, which it makes if needed. It returns ErrTaken when another process is the one.
func New(ctx context.Context, dir, name string) (*Claim, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", dir, err)
	}
	lock := flock.New(filepath.Join(dir, name+".lock"))
	mine, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	if !mine {
		return nil, ErrTaken
	}
	l, err := listen(ctx, socket(dir, name))
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return &Claim{lock: lock, listener: l}, nil
}

func listen(ctx context.Context, path string) (net.Listener, error) {
	// Only the holder of the lock comes here, so what lies there is left from a process that was killed.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("remove the old %s: %w", path, err)
	}
	var cfg net.ListenConfig
	l, err := cfg.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("close %s to others: %w", path, err), l.Close())
	}
	return l, nil
}

// Run hands each word that another process asks to heard, one at a time, until Close.
func (c *Claim) Run(heard func(word string)) {
	for {
		conn, err := c.listener.Accept()
		if err != nil {
			return
		}
		if word := read(conn); word != "" {
			heard(word)
		}
	}
}

// read gives "" for a caller that says nothing in time.
func read(conn net.Conn) string {
	defer func() { _ = conn.Close() }()
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return ""
	}
	line, err := bufio.NewReaderSize(conn, maxWord).ReadSlice('\n')
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(line))
}

// Close ends Run and lets the next process be the one.
func (c *Claim) Close() error {
	return errors.Join(c.listener.Close(), c.lock.Unlock())
}

// Ask says word to the process that holds the face called name in dir. It returns an error that wraps os.ErrNotExist
// or a refused connection when there is none.
func Ask(ctx context.Context, dir, name, word string) error {
	d := net.Dialer{Timeout: patience}
	conn, err := d.DialContext(ctx, "unix", socket(dir, name))
	if err != nil {
		return fmt.Errorf("ask the running %s to %s: %w", name, word, err)
	}
	_, err = conn.Write([]byte(word + "\n"))
	return errors.Join(err, conn.Close())
}

// Running says whether a process holds the face called name in dir. It knocks and does not try the lock, which a process
// that begins just then would find taken.
func Running(ctx context.Context, dir, name string) bool {
	d := net.Dialer{Timeout: patience}
	conn, err := d.DialContext(ctx, "unix", socket(dir, name))
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was to be said
	return true
}

// End asks the process that holds the face called name in dir to quit, and returns once none holds it.
func End(ctx context.Context, dir, name string) error {
	lock := flock.New(filepath.Join(dir, name+".lock"))
	if free, err := lock.TryLock(); err == nil && !free {
		if err := Ask(ctx, dir, name, Quit); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, farewell)
		defer cancel()
		if _, err := lock.TryLockContext(ctx, glance); err != nil {
			return fmt.Errorf("wait for the %s to close: %w", name, err)
		}
	}
	return lock.Close()
}

func socket(dir, name string) string { return filepath.Join(dir, name+".sock") }
