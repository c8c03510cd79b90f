//go:build desktop

package desktoptest

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berth-desktop/berth/app/instance"
)

const (
	notifications    = "org.freedesktop.Notifications"
	notificationPath = "/org/freedesktop/Notifications"
)

// desktop stands in for what shows notifications: it keeps them.
type desktop struct {
	conn *dbus.Conn

	mu     sync.Mutex
	titles []string
	bodies []string
}

// Notify is called over the bus.
func (d *desktop) Notify(_ string, _ uint32, _, title, body string, _ []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.titles, d.bodies = append(d.titles, title), append(d.bodies, body)
	return uint32(len(d.titles)), nil //nolint:gosec // few
}

func (d *desktop) told() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.titles...)
}

// has waits until these were told, and no others.
func (d *desktop) has(t *testing.T, titles ...string) {
	t.Helper()
	eventually(t, "a notification", func() error {
		if got := d.told(); strings.Join(got, "\n") != strings.Join(titles, "\n") {
			return fmt.Errorf("told was %q, want %q", got, titles)
		}
		return nil
	})
}

func (s *session) desktop(t *testing.T) *desktop {
	t.Helper()
	d := &desktop{conn: s.connect(t)}
	if err := d.conn.Export(d, notificationPath, notifications); err != nil {
		t.Fatal(err)
	}
	if reply, err := d.conn.RequestName(notifications, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("be the desktop's notifications: %v, %v", reply, err)
	}
	return d
}

func TestWhatNeedsTheUserIsToldOnceAndWhatTheUserDidIsNot(t *testing.T) {
	s := newSession(t)
	s.equip(t)
	p := s.paths(t)
	d := s.desktop(t)
	tray := s.start(t, "berth-tray", nil)
	icon := s.icon(t, s.connect(t), tray.Process.Pid)
	icon.shows(t, "stopped", "Engine stopped", true, false)
	icon.click(t, "Start engine")
	icon.shows(t, "ready", "Engine running", false, true)

	eventually(t, "news is followed", func() error { // before that it would be history
		if said := read(filepath.Join(s.artifacts, "berth-tray.log")); !strings.Contains(said, "Following the daemon") {
			return fmt.Errorf("the tray says %q", said)
		}
		return nil
	})
	engine := func() int {
		pid, err := strconv.Atoi(strings.TrimSpace(read(filepath.Join(p.EngineRun(), "docker.pid"))))
		if err != nil {
			t.Fatal(err)
		}
		return pid
	}
	first := engine()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	d.has(t, "Docker ended unexpectedly")
	eventually(t, "another engine", func() error {
		text := strings.TrimSpace(read(filepath.Join(p.EngineRun(), "docker.pid")))
		if text == "" || text == strconv.Itoa(first) {
			return fmt.Errorf("its number is %q", text)
		}
		return nil
	})
	icon.shows(t, "ready", "Engine running", false, true)

	icon.click(t, "Stop engine")
	icon.shows(t, "stopped", "Engine stopped", true, false)
	icon.click(t, "Start engine")
	icon.shows(t, "ready", "Engine running", false, true)
	s.containers(t, p.EngineSocket(), 1)
	id, err := s.output(t, "docker", "-H", "unix://"+p.EngineSocket(), "run", "-d", "--network", "none", "--restart", "always", "--name", "loop",
		"busybox:latest", "/bin/busybox", "false")
	if err != nil {
		t.Fatal(err)
	}
	d.has(t, "Docker ended unexpectedly", "loop ends again and again")

	if err := d.conn.Emit(notificationPath, notifications+".ActionInvoked", uint32(2), "default"); err != nil {
		t.Fatal(err)
	}
	opened(t, "berth://container/"+strings.TrimSpace(string(id))+"/logs")
	s.window(t) // one that has not come up yet is not found, and would start the daemon again once that has gone
	if err := instance.End(t.Context(), p.Runtime, instance.Window); err != nil {
		t.Error(err)
	}
}
