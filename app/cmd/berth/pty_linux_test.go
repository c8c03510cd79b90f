package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

// pty FILE COMMAND…: runs a command on a real terminal. The lines of FILE say what happens there, in turn: "size ROWS
// COLUMNS", "expect TEXT", "type TEXT" with Go's escapes, and "code N", the exit code that it must end with.
func pty(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: pty FILE COMMAND…")
	}
	master, slave, err := openPTY()
	ts.Check(err)
	defer master.Close()
	screen := &screen{}
	cmd := exec.Command(args[1], args[2:]...) //nolint:noctx // its terminal is closed with the test, which ends it
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), slave, slave, slave
	cmd.Env = []string{"TERM=xterm"}
	for _, name := range []string{"PATH", "HOME", "BERTH_HOME", "DOCKER_CONFIG"} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	steps := strings.Split(strings.TrimSpace(ts.ReadFile(args[0])), "\n")
	if rest, first := strings.CutPrefix(steps[0], "size "); first {
		ts.Check(resize(master, rest))
		steps = steps[1:]
	}
	before, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	ts.Check(err)
	ts.Check(cmd.Start())
	go screen.read(master)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	want := 0
	for _, step := range steps {
		verb, rest, _ := strings.Cut(step, " ")
		switch verb {
		case "size":
			err = resize(master, rest)
		case "expect":
			err = screen.shows(rest)
		case "type":
			var text string
			if text, err = strconv.Unquote(`"` + rest + `"`); err == nil {
				_, err = master.WriteString(text)
			}
		case "code":
			want, err = strconv.Atoi(rest)
		}
		if err != nil {
			_ = cmd.Process.Kill()
			ts.Fatalf("%s: %v; the terminal shows\n%s", step, err, screen.text())
		}
	}
	select {
	case err = <-ended:
	case <-time.After(20 * time.Second):
		_ = cmd.Process.Kill()
		ts.Fatalf("it does not end; the terminal shows\n%s", screen.text())
	}
	got := 0
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	}
	if got != want {
		ts.Fatalf("it ends with exit code %d, want %d; the terminal shows\n%s", got, want, screen.text())
	}
	after, err := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	ts.Check(err)
	if *after != *before {
		ts.Fatalf("the terminal is not as it was: %+v, then %+v", before, after)
	}
	_ = slave.Close()
}

func openPTY() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil, nil, err
	}
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		return nil, nil, errors.Join(err, master.Close())
	}
	return master, slave, nil
}

func resize(master *os.File, text string) error {
	var size unix.Winsize
	if _, err := fmt.Sscan(text, &size.Row, &size.Col); err != nil {
		return err
	}
	return unix.IoctlSetWinsize(int(master.Fd()), unix.TIOCSWINSZ, &size)
}

// screen is what a terminal showed.
type screen struct {
	mu   sync.Mutex
	seen bytes.Buffer
}

func (s *screen) read(master *os.File) {
	for buffer := make([]byte, 4096); ; {
		n, err := master.Read(buffer)
		s.mu.Lock()
		s.seen.Write(buffer[:n])
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

func (s *screen) shows(text string) error {
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-poll.C {
		if strings.Contains(s.text(), text) {
			return nil
		}
	}
	return errors.New("it does not come")
}
