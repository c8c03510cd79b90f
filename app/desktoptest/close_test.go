//go:build desktop

package desktoptest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
)

// close closes the window as a person does, by the window manager's key.
func (s *session) close(t testing.TB) {
	t.Helper()
	s.xdotool(t, "search", "--sync", "--onlyvisible", "--name", "^Berth$", "windowactivate", "--sync")
	s.xdotool(t, "key", "alt+F4")
}

// A window that was opened from a launcher leaves the icon behind, so closing it is not the end of Berth.
func TestAWindowBringsTheIconThatStaysWhenItIsClosed(t *testing.T) {
	s := newSession(t)
	p := s.paths(t)
	s.start(t, "openbox", nil)
	window := s.start(t, "berth-desktop", nil)
	s.window(t)
	eventually(t, "the tray comes", func() error {
		if !instance.Running(t.Context(), p.Runtime, instance.Tray) {
			return errors.New("none runs: " + read(filepath.Join(p.Logs(), "tray.log")))
		}
		return nil
	})
	// One that is only beginning would not be found when the test ends it.
	eventually(t, "the daemon comes", func() error {
		d, err := client.Connect(t.Context(), client.Options{Paths: p})
		if err == nil {
			d.Close()
		}
		return err
	})
	s.close(t)
	if code := window.ends(t); code != 0 {
		t.Errorf("the window ends with %d", code)
	}
	if !instance.Running(t.Context(), p.Runtime, instance.Tray) {
		t.Error("the tray has gone with the window")
	}
}

// A window starts the daemon where it finds none, so it goes first; what was said to end all leaves nothing behind.
func TestQuitEndsTheWindowTheIconAndTheDaemon(t *testing.T) {
	s := newSession(t)
	p := s.paths(t)
	window := s.start(t, "berth-desktop", nil)
	s.window(t)
	s.painted(t)
	eventually(t, "the tray comes", func() error {
		if !instance.Running(t.Context(), p.Runtime, instance.Tray) {
			return errors.New("none runs: " + read(filepath.Join(p.Logs(), "tray.log")))
		}
		return nil
	})
	if said, err := s.output(t, filepath.Join(s.bin, "berth"), "quit"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if code := window.ends(t); code != 0 {
		t.Errorf("the window ends with %d", code)
	}
	for _, face := range []string{instance.Window, instance.Tray} {
		if instance.Running(t.Context(), p.Runtime, face) {
			t.Errorf("the %s is still there", face)
		}
	}
	if _, err := client.Connect(t.Context(), client.Options{Paths: p}); !errors.Is(err, client.ErrNotRunning) {
		t.Errorf("the daemon is not gone: %v", err)
	}
}

// Where no panel shows icons, the first close says that the engine goes on; the second one needs no words.
func TestClosingTheWindowWhereNoIconIsShownSaysSoOnce(t *testing.T) {
	s := newSession(t)
	p := s.paths(t)
	s.panel.stop(t)
	s.start(t, "openbox", nil)
	if _, err := s.output(t, filepath.Join(s.bin, "berth"), "start"); err != nil {
		t.Fatal(err)
	}
	window := s.start(t, "berth-desktop", nil)
	s.window(t)
	s.painted(t)
	eventually(t, "the tray gives up", func() error {
		if said := read(filepath.Join(p.Logs(), "tray.log")); !strings.Contains(said, "no panel shows icons here") {
			return fmt.Errorf("it says %q", said)
		}
		return nil
	})

	s.close(t)
	eventually(t, "it is said that Berth goes on", func() error {
		_, err := s.output(t, "xdotool", "search", "--onlyvisible", "--name", "goes on without its window")
		return err
	})
	s.settled(t)
	s.screenshot(t, "goes-on")
	s.xdotool(t, "key", "Return")
	if code := window.ends(t); code != 0 {
		t.Errorf("the window ends with %d", code)
	}
	answers(t, p.EngineSocket())

	window = s.start(t, "berth-desktop", nil)
	s.window(t)
	s.painted(t)
	s.close(t)
	if code := window.ends(t); code != 0 {
		t.Errorf("the second time the window ends with %d", code)
	}
}
