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
	following, cancel := context.WithCancel(ctx)
	var sizing sync.WaitGroup
	defer sizing.Wait()
	defer cancel()
	for first := true; ; first = false {
		message, err := t.session.Read()
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
				go send(t.session, c.cfg.Stdin) // it reads until the program ends: nothing can interrupt it
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

// send passes on what the user types, until that ends.
func send(session *client.Session, from io.Reader) {
	for buffer := make([]byte, 32<<10); ; {
		n, err := from.Read(buffer)
		if n > 0 && session.Send(stream.ChannelStdin, buffer[:n]) != nil {
			return // the session has ended
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
