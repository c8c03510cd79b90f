package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/berth-desktop/berth/backend/api/stream"
	"github.com/berth-desktop/berth/backend/client"
)

// talk is the user's side of a session.
type talk struct {
	session *client.Session
	stdin   bool
	tty     bool
	keys    detachKeys // by which a terminal is left
}

// hold carries a session until the process ends, and gives its exit code.
func (c *CLI) hold(ctx context.Context, t talk) (code int, err error) {
	screen := openTerminal(c.cfg.Stdin, c.cfg.Stdout)
	if t.tty && t.stdin && screen != nil {
		restore, err := screen.raw()
		if err != nil {
			return 0, fmt.Errorf("take the terminal over: %w", err)
		}
		defer restore()
	}
	input := c.cfg.Stdin
	left := make(chan struct{})
	if t.tty && t.stdin && screen != nil {
		input = &leaver{from: input, keys: t.keys.bytes}
	}
	following, cancel := context.WithCancel(ctx)
	var sizing sync.WaitGroup
	defer sizing.Wait()
	defer cancel()
	for first := true; ; first = false {
		message, err := t.session.Read()
		select {
		case <-left: // the session was closed for it
			return 0, errDetached
		default:
		}
		if errors.Is(err, io.EOF) {
			return 0, errors.New("the daemon ended the session without a word")
		}
		if err != nil {
			return 0, cut(ctx, err)
		}
		if first && message[0] != stream.ChannelStatus {
			if t.tty && screen != nil {
				sizing.Go(func() { screen.sizes(following, func(s stream.Size) { _ = t.session.Resize(s) }) }) // the process may have ended
			}
			if t.stdin {
				go send(t.session, input, func() { close(left) }) // it reads until the program ends: nothing can interrupt it
			}
		}
		switch text := message[1:]; message[0] {
		case stream.ChannelStdout:
			_, err = c.cfg.Stdout.Write(text)
		case stream.ChannelStderr:
			_, err = c.cfg.Stderr.Write(text)
		case stream.ChannelStatus:
			return client.Outcome(text)
		}
		if err != nil {
			return 0, err
		}
	}
}

// send passes on what the user types, until that ends. One who leaves by the detach keys ends the session by it.
func send(session *client.Session, from io.Reader, leave func()) {
	for buffer := make([]byte, 32<<10); ; {
		n, err := from.Read(buffer)
		if n > 0 && session.Send(stream.ChannelStdin, buffer[:n]) != nil {
			return // the session has ended
		}
		if errors.Is(err, errDetached) {
			leave()
			_ = session.Send(stream.ChannelClose, []byte{stream.ChannelStdout}) // or the daemon takes it for a hang-up
			session.Close()
			return
		}
		if err != nil {
			_ = session.Send(stream.ChannelClose, []byte{stream.ChannelStdin})
			return
		}
	}
}

// passed makes a process's exit code ours.
func passed(code int, err error) error {
	if err != nil {
		return err
	}
	if code != exitDone {
		return exitCode(code)
	}
	return nil
}

// parted is passed for a session that may be left by the detach keys, which is no failure.
func (c *CLI) parted(code int, err error) error {
	if errors.Is(err, errDetached) {
		c.say("Left it by the detach keys; it goes on.")
		return nil
	}
	return passed(code, err)
}
