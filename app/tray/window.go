package tray

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// Window opens and closes Berth's window, which is a process of its own.
type Window struct {
	// Paths are those of the instance.
	Paths paths.Paths
	// Find gives the path of one of Berth's programs.
	Find func(name string) (string, error)
	// Env is the environment that the window gets.
	Env []string
}

// Open shows the window, at the page of link unless that is empty, or the page in a browser where no window is
// installed, which takes no link. It returns once that process ends: at
// once where a window is open already, with the last it said where it failed. The window outlives ctx, and us.
func (w Window) Open(_ context.Context, link string) error {
	program, args, err := w.program(link)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(w.Paths.Logs(), 0o700); err != nil {
		return fmt.Errorf("make the folder of logs: %w", err)
	}
	// A file and not a pipe: a window that writes to a pipe whose reader is gone is killed.
	name := filepath.Join(w.Paths.Logs(), "window.log")
	out, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the window's log: %w", err)
	}
	cmd := exec.Command(program, args...) //nolint:noctx // the window outlives us
	cmd.Env, cmd.Stdout, cmd.Stderr = w.Env, out, out
	client.Detach(cmd)
	err = cmd.Run()
	if closed := out.Close(); err == nil {
		return closed
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == instance.ExitNowhere {
		return nil // the user reads in the window that what they clicked is gone
	}
	if last := lastLine(name); last != "" {
		return errors.New(last)
	}
	return fmt.Errorf("%s: %w", filepath.Base(program), err)
}

// program finds what shows the page.
func (w Window) program(link string) (path string, args []string, err error) {
	if path, err = w.Find("berth-desktop"); err == nil {
		if link != "" {
			args = []string{link}
		}
		return path, args, nil
	}
	path, err = w.Find("berth")
	return path, []string{"ui"}, err
}

// Close closes the window, and returns once it is gone. One that is not open is none to close.
func (w Window) Close(ctx context.Context) error {
	return instance.End(ctx, w.Paths.Runtime, instance.Window)
}

func lastLine(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	return strings.TrimSpace(string(lines[len(lines)-1]))
}
