package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/berth-desktop/berth/backend/paths"
)

func TestServeLogsToItsFileAndToWhoeverLooksOn(t *testing.T) {
	for name, c := range map[string]struct {
		args   []string
		result error
		code   int
		shown  bool
	}{
		"in the foreground":       {[]string{"serve"}, nil, exitDone, true},
		"in the background":       {[]string{"serve", "--background"}, nil, exitDone, false},
		"with an end that failed": {[]string{"serve", "--background"}, errors.New("the disk is full"), exitError, false},
	} {
		t.Run(name, func(t *testing.T) {
			home := shortTemp(t)
			var messages bytes.Buffer
			cl := New(Config{
				Serve: func(_ context.Context, p paths.Paths, log *slog.Logger) error {
					if pid, err := os.ReadFile(p.Lock()); err != nil || len(pid) == 0 {
						t.Errorf("the lock names no process: %q, %v", pid, err)
					}
					log.Info("Hello from the daemon")
					return c.result
				},
				Version: "v9",
				Getenv: func(k string) string {
					return map[string]string{paths.EnvHome: home}[k]
				},
				Stdout: &messages, Stderr: &messages,
			})
			if code := cl.Run(t.Context(), c.args); code != c.code {
				t.Errorf("exit code %d, want %d\n%s", code, c.code, messages.String())
			}
			log, err := os.ReadFile(filepath.Join(home, "state", "logs", "berth.log"))
			if err != nil || !strings.Contains(string(log), "Hello from the daemon") {
				t.Errorf("the log file: %v\n%s", err, log)
			}
			if got := strings.Contains(messages.String(), "Hello from the daemon"); got != c.shown {
				t.Errorf("shown: %v\n%s", got, messages.String())
			}
			if c.result != nil && !strings.Contains(messages.String(), c.result.Error()) {
				t.Errorf("it does not say why it ended:\n%s", messages.String())
			}
		})
	}
}

// shortTemp is a temporary folder whose name leaves room for a socket's.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bc") //nolint:usetesting // a socket needs a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestTheLogIsPutAsideAndOneOldOneIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "logs", "berth.log")
	l, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	line := append(bytes.Repeat([]byte("x"), 1<<20-1), '\n')
	for range 13 {
		if _, err := l.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int64{path: 3 << 20, path + ".1": 5 << 20} {
		info, err := os.Stat(name)
		if err != nil || info.Size() != want {
			t.Errorf("%s: %v, %v, want %d bytes", name, info, err, want)
		}
	}
}

func TestAStateThatCannotBeKeptIsSaidWithWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		says string
	}{
		"a full disk":      {fmt.Errorf("write to the state folder: %w", syscall.ENOSPC), "Make room on that disk"},
		"a read-only disk": {fmt.Errorf("write to the state folder: %w", syscall.EROFS), "should name a folder on another"},
		"another's folder": {fmt.Errorf("make a folder of this instance: %w", fs.ErrPermission), "sudo chown"},
		"anything else":    {errors.New("the moon is wrong"), "the moon is wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			home := shortTemp(t)
			var messages bytes.Buffer
			cl := New(Config{
				Serve:  func(context.Context, paths.Paths, *slog.Logger) error { return c.err },
				Getenv: func(k string) string { return map[string]string{paths.EnvHome: home}[k] },
				Stdout: &messages, Stderr: &messages,
			})
			if code := cl.Run(t.Context(), []string{"serve", "--background"}); code != exitError {
				t.Errorf("exit code %d, want %d", code, exitError)
			}
			if !strings.Contains(messages.String(), c.err.Error()) || !strings.Contains(messages.String(), c.says) {
				t.Errorf("it says:\n%s", messages.String())
			}
		})
	}
}
