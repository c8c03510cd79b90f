package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// ExecOptions say what is run in a container, and how.
type ExecOptions struct {
	Command               []string
	Stdin, Stdout, Stderr bool
	TTY                   bool
	Width, Height         uint // of the terminal, at first; 0 where there is none
	Env                   []string
	User, Folder          string
	Privileged            bool
}

// AttachOptions say what of a container's own process is wanted.
type AttachOptions struct {
	Stdin, Stdout, Stderr bool
}

// Session is a process in a container, as somebody talks to it. Whoever got it closes it.
type Session struct {
	// TTY says that there is a terminal, whose output is all stdout.
	TTY bool

	wire   client.HijackedResponse
	resize func(ctx context.Context, width, height uint) error
	code   func(ctx context.Context) (int, error)
	undo   func() // what began with the session and outlives its connection
	once   sync.Once
	stop   func() bool
}

// Exec starts a command in a running container. The session ends with ctx; the command does not.
func (c *Client) Exec(ctx context.Context, id string, o ExecOptions) (*Session, error) {
	size := client.ConsoleSize{Width: o.Width, Height: o.Height}
	if !o.TTY {
		size = client.ConsoleSize{}
	}
	made, err := c.moby.ExecCreate(ctx, id, client.ExecCreateOptions{
		Cmd: o.Command, Env: o.Env, User: o.User, WorkingDir: o.Folder, TTY: o.TTY, ConsoleSize: size, Privileged: o.Privileged,
		AttachStdin: o.Stdin, AttachStdout: o.Stdout, AttachStderr: o.Stderr,
	})
	if err != nil {
		return nil, done("run a command in container", id, err)
	}
	attached, err := c.moby.ExecAttach(ctx, made.ID, client.ExecAttachOptions{TTY: o.TTY, ConsoleSize: size})
	if err != nil {
		return nil, done("run a command in container", id, err)
	}
	s := &Session{TTY: o.TTY, wire: attached.HijackedResponse, undo: func() {}}
	s.resize = func(ctx context.Context, width, height uint) error {
		_, err := c.moby.ExecResize(ctx, made.ID, client.ExecResizeOptions{Width: width, Height: height})
		return err
	}
	s.code = func(ctx context.Context) (int, error) { return c.execCode(ctx, made.ID) }
	s.stop = context.AfterFunc(ctx, s.wire.Close)
	return s, nil
}

const (
	// execPoll is how often an engine is asked whether a command whose output has ended has ended itself.
	execPoll = 20 * time.Millisecond
	// execLinger is how long one that closed its output may go on before it is given up.
	execLinger = 10 * time.Second
	// hangUpTime bounds the last write to a terminal that nobody reads.
	hangUpTime = time.Second
)

// execCode waits for the end of a command, of which engines send no word but an event.
func (c *Client) execCode(ctx context.Context, exec string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, execLinger)
	defer cancel()
	poll := time.NewTicker(execPoll)
	defer poll.Stop()
	for {
		now, err := c.moby.ExecInspect(ctx, exec, client.ExecInspectOptions{})
		if err != nil {
			return 0, done("ask for the exit code of", exec, err)
		}
		if !now.Running {
			return now.ExitCode, nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return 0, errors.New("the command closed its output and goes on; its exit code is not known")
		}
	}
}

// Attach joins a container's own process. One that does not run is waited for: start it after Attach has returned, and
// nothing of its output is missed. The session ends with ctx.
func (c *Client) Attach(ctx context.Context, id string, o AttachOptions) (*Session, error) {
	seen, err := c.moby.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return nil, done("attach to container", id, err)
	}
	now := seen.Container
	terminal := now.Config != nil && now.Config.Tty
	until := container.WaitConditionNextExit
	switch {
	case now.HostConfig != nil && now.HostConfig.AutoRemove:
		until = container.WaitConditionRemoved
	case now.State != nil && now.State.Running:
		until = container.WaitConditionNotRunning
	}
	attached, err := c.moby.ContainerAttach(ctx, id, client.ContainerAttachOptions{
		Stream: true, Stdin: o.Stdin, Stdout: o.Stdout, Stderr: o.Stderr,
	})
	if err != nil {
		return nil, done("attach to container", id, err)
	}
	waiting, cancel := context.WithCancel(ctx)
	end := c.moby.ContainerWait(waiting, id, client.ContainerWaitOptions{Condition: until})
	s := &Session{TTY: terminal, wire: attached.HijackedResponse, undo: cancel}
	s.resize = func(ctx context.Context, width, height uint) error {
		_, err := c.moby.ContainerResize(ctx, id, client.ContainerResizeOptions{Width: width, Height: height})
		return err
	}
	s.code = func(ctx context.Context) (int, error) {
		select {
		case r := <-end.Result:
			if r.Error != nil && r.Error.Message != "" {
				return 0, errors.New(r.Error.Message)
			}
			return int(r.StatusCode), nil
		case err := <-end.Error:
			return 0, done("wait for container", id, err)
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	s.stop = context.AfterFunc(ctx, s.wire.Close)
	return s, nil
}

// Write sends input.
func (s *Session) Write(b []byte) (int, error) { return s.wire.Conn.Write(b) }

// CloseWrite ends the input.
func (s *Session) CloseWrite() error { return s.wire.CloseWrite() }

// Output tells each about the output until it ends, as fast as each returns. An error of each ends it and is returned.
func (s *Session) Output(each func(stderr bool, text []byte) error) error {
	if !s.TTY {
		return s.framed(each)
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := s.wire.Reader.Read(buffer)
		if n > 0 {
			if err := each(false, buffer[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from the engine: %w", err)
		}
	}
}

func (s *Session) framed(each func(stderr bool, text []byte) error) error {
	for frames := newFrameReader(s.wire.Reader); ; {
		text, _, err := frames.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read from the engine: %w", err)
		}
		if err := each(frames.stderr, text); err != nil {
			return err
		}
	}
}

// Resize tells the terminal its size.
func (s *Session) Resize(ctx context.Context, width, height uint) error {
	return s.resize(ctx, width, height)
}

// ExitCode is the process's, once the output has ended. It waits until it is known.
func (s *Session) ExitCode(ctx context.Context) (int, error) { return s.code(ctx) }

// HangUp ends what somebody who went away left behind in a terminal: engines know no way to end an exec. What is in
// front is interrupted, and the shell behind it finds its input at the end. It says whether the engine was told, which
// hears it as long as the session is open: the caller reads the output to its end before it closes the session.
func (s *Session) HangUp() bool {
	if !s.TTY {
		return false
	}
	_ = s.wire.Conn.SetWriteDeadline(time.Now().Add(hangUpTime))
	_, err := s.Write([]byte{3, 4})
	return err == nil
}

// Close ends the session. The process goes on.
func (s *Session) Close() {
	s.once.Do(func() {
		s.stop()
		s.undo()
		s.wire.Close()
	})
}
