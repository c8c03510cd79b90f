//go:build desktop

package desktoptest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The screen takes a window of its first size, and the panel below it.
const (
	screenWidth  = 1280
	screenHeight = 860
)

// patience is for a machine that is busy with other things.
const patience = 30 * time.Second

// session is a desktop of our own: a display, a session bus, a panel that shows icons, and an instance of Berth.
type session struct {
	bin       string // the programs under test
	home      string // BERTH_HOME
	artifacts string // takes logs and screenshots
	bus       string // the session bus's address
	env       []string
	panel     *process
}

func newSession(t testing.TB) *session {
	t.Helper()
	s := &session{bin: binaries(t), home: shortDir(t), artifacts: artifacts(t)}
	config, cache := filepath.Join(s.home, "xdg"), filepath.Join(s.home, "cache")
	writeFile(t, filepath.Join(config, "xfce4/xfconf/xfce-perchannel-xml/xfce4-panel.xml"), panelConfig)
	writeFile(t, filepath.Join(s.home, "bus.conf"), busConfig)
	s.env = append(os.Environ(), "BERTH_HOME="+s.home, "BERTH_INSTANCE=", "XDG_CONFIG_HOME="+config, "XDG_CACHE_HOME="+cache,
		"XDG_DATA_HOME="+filepath.Join(s.home, "webview"),
		"GTK_THEME=Adwaita", "WAYLAND_DISPLAY=", "XDG_RUNTIME_DIR="+s.home, "NO_AT_BRIDGE=1", "LC_ALL=C.UTF-8", "DOCKER_HOST=")

	display := s.announced(t, 3, "Xvfb", "-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", screenWidth, screenHeight), "-nolisten", "tcp", "-fbdir", s.home)
	s.env = append(s.env, "DISPLAY=:"+display)
	s.bus = s.announced(t, 3, "dbus-daemon", "--config-file", filepath.Join(s.home, "bus.conf"), "--nofork", "--print-address=3")
	s.env = append(s.env, "DBUS_SESSION_BUS_ADDRESS="+s.bus)
	s.showPanel(t)
	return s
}

func (s *session) showPanel(t testing.TB) {
	t.Helper()
	s.panel = s.start(t, "xfce4-panel", nil, "--disable-wm-check")
}

// binaries is where `make build` put them.
func binaries(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("BERTH_BIN")
	if dir == "" {
		dir = "../../bin"
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// shortDir is a folder whose path leaves room for the names of sockets.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "berth-") //nolint:usetesting // t.TempDir's paths are too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// artifacts is where logs and screenshots are kept.
func artifacts(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("BERTH_ARTIFACTS")
	if dir == "" {
		dir = t.TempDir()
	}
	dir = filepath.Join(dir, t.Name())
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeFile(t testing.TB, name, content string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(content), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// process is a program that a test started.
type process struct {
	*exec.Cmd
	name   string
	exited chan struct{} // closed once it ended
}

// start runs a program, those of Berth from bin, until it is stopped or the test ends.
func (s *session) start(t testing.TB, name string, env []string, args ...string) *process {
	t.Helper()
	program := name
	if strings.HasPrefix(name, "berth") {
		program = filepath.Join(s.bin, name)
	}
	cmd := exec.Command(program, args...) //nolint:noctx // stopped below, so that it may end in order
	cmd.Env = append(s.env, env...)
	return s.run(t, name, cmd)
}

func (s *session) run(t testing.TB, name string, cmd *exec.Cmd) *process {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(s.artifacts, name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	p := &process{Cmd: cmd, name: name, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop ends the process, in order if it can.
func (p *process) stop(t testing.TB) {
	t.Helper()
	_ = p.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(patience):
		t.Errorf("%s does not end on SIGTERM", p.name)
		_ = p.Process.Kill()
		<-p.exited
	}
}

// ends fails the test unless the process ends by itself, and gives its exit code.
func (p *process) ends(t testing.TB) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		t.Fatalf("%s does not end", p.name)
	}
	return p.ProcessState.ExitCode()
}

// announced starts a program that says on the file descriptor fd where it is found.
func (s *session) announced(t testing.TB, fd int, name string, args ...string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	cmd := exec.Command(name, args...) //nolint:noctx // stopped by run's cleanup
	cmd.Env = s.env
	cmd.ExtraFiles = make([]*os.File, fd-2)
	cmd.ExtraFiles[fd-3] = w
	s.run(t, name, cmd)
	_ = w.Close()
	_ = r.SetReadDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatalf("%s does not say where it is: %v", name, err)
	}
	return strings.TrimSpace(line)
}

// output runs a command of the desktop and gives what it says.
func (s *session) output(t testing.TB, name string, args ...string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = s.env
	return cmd.Output()
}

// screenshot keeps a picture of the screen under a name and gives it.
func (s *session) screenshot(t testing.TB, name string) image.Image {
	t.Helper()
	shot, err := s.output(t, "import", "-window", "root", "png:-")
	if err != nil {
		t.Fatalf("take a screenshot: %v", err)
	}
	if name != "" {
		if err := os.WriteFile(filepath.Join(s.artifacts, name+".png"), shot, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	img, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatalf("read a screenshot: %v", err)
	}
	return img
}

// eventually fails the test unless check returns nil in time. It gives how long that took.
func eventually(t testing.TB, what string, check func() error) time.Duration {
	t.Helper()
	begun := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return time.Since(begun)
		}
		if time.Since(begun) > patience {
			t.Fatalf("%s: %v", what, err)
		}
		<-tick.C
	}
}

// memory is the resident memory of a process and those beneath it, each page counted as often as it is shared, and
// the fair share of it, in MiB.
func memory(pid int) (rss, pss int) {
	for line := range strings.SplitSeq(read(fmt.Sprintf("/proc/%d/smaps_rollup", pid)), "\n") {
		var kb int
		if _, err := fmt.Sscanf(line, "Rss: %d kB", &kb); err == nil {
			rss += kb >> 10
		}
		if _, err := fmt.Sscanf(line, "Pss: %d kB", &kb); err == nil {
			pss += kb >> 10
		}
	}
	for child := range strings.FieldsSeq(read(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))) {
		var id int
		if _, err := fmt.Sscan(child, &id); err == nil {
			r, p := memory(id)
			rss, pss = rss+r, pss+p
		}
	}
	return rss, pss
}

func read(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	text, _ := io.ReadAll(f)
	return string(text)
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <standard_session_servicedirs/>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

const panelConfig = `<?xml version="1.0" encoding="UTF-8"?>
<channel name="xfce4-panel" version="1.0">
  <property name="configver" type="int" value="2"/>
  <property name="panels" type="array">
    <value type="int" value="1"/>
    <property name="panel-1" type="empty">
      <property name="position" type="string" value="p=8;x=0;y=0"/>
      <property name="length" type="uint" value="100"/>
      <property name="position-locked" type="bool" value="true"/>
      <property name="size" type="uint" value="28"/>
      <property name="plugin-ids" type="array">
        <value type="int" value="1"/>
        <value type="int" value="2"/>
      </property>
    </property>
  </property>
  <property name="plugins" type="empty">
    <property name="plugin-1" type="string" value="separator">
      <property name="expand" type="bool" value="true"/>
    </property>
    <property name="plugin-2" type="string" value="systray">
      <property name="square-icons" type="bool" value="true"/>
    </property>
  </property>
</channel>
`
