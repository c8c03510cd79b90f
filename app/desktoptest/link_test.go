//go:build desktop

package desktoptest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-desktop/berth/app/instance"
)

// A link opens the window at its page, and a second one takes the same window on, whether or not the session has a bus.
func TestLinksLeadTheOneWindowToTheirPages(t *testing.T) {
	for name, env := range map[string][]string{
		"with a session bus":    nil,
		"without a session bus": {"DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSession(t)
			s.paths(t)
			s.start(t, "openbox", nil)

			s.start(t, "berth-desktop", env, "berth://container/0123/logs")
			s.window(t)
			s.remembers(t, "#/containers/0123/logs")

			if code := s.start(t, "berth-desktop", env, "berth://settings").ends(t); code != 0 {
				t.Errorf("a second window ends with %d", code)
			}
			s.remembers(t, "#/settings")
			s.settled(t)
			s.screenshot(t, "link-settings")

			if code := s.start(t, "berth-desktop", env, "berth://nothing").ends(t); code != instance.ExitNowhere {
				t.Errorf("a link that leads nowhere ends with %d", code)
			}
			if said := read(filepath.Join(s.artifacts, "berth-desktop.log")); !strings.Contains(said, "no such page") {
				t.Errorf("it says %q", said)
			}
			s.refused(t)
			s.xdotool(t, "key", "Return")
			eventually(t, "the dialog goes", func() error {
				if s.sees(t, refusal) {
					return errors.New("it is still there")
				}
				return nil
			})
			ids, err := s.output(t, "xdotool", "search", "--onlyvisible", "--name", "^Berth$")
			if err != nil || len(strings.Fields(string(ids))) != 1 {
				t.Errorf("windows are %q (%v), want one", ids, err)
			}
		})
	}
}

// refusal is the title of the dialog that says that a link leads nowhere.
const refusal = "This link leads nowhere"

// Where no window is open, one opens to say so. It can be ended before the user has answered.
func TestALinkThatLeadsNowhereOpensAWindowThatSaysSo(t *testing.T) {
	s := newSession(t)
	p := s.paths(t)
	s.start(t, "openbox", nil)
	window := s.start(t, "berth-desktop", nil, "berth://nonsense/%s%n")
	s.window(t)
	s.refused(t)
	if err := instance.End(t.Context(), p.Runtime, instance.Window); err != nil {
		t.Fatal(err)
	}
	if code := window.ends(t); code != instance.ExitNowhere {
		t.Errorf("the window ends with %d", code)
	}
	if said := read(filepath.Join(s.artifacts, "berth-desktop.log")); !strings.Contains(said, "no such page") {
		t.Errorf("it says %q", said)
	}
}

// The page says that a container is no more, and the command, too.
func TestALinkToAContainerThatIsNotThereSaysSo(t *testing.T) {
	s := newSession(t)
	p := s.paths(t)
	s.start(t, "openbox", nil)
	if said, err := s.output(t, filepath.Join(s.bin, "berth"), "start"); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	window := s.start(t, "berth-desktop", nil, "berth://container/0123")
	s.window(t)
	s.painted(t)
	s.settled(t)
	s.screenshot(t, "no-such-container")
	log := filepath.Join(s.artifacts, "berth-desktop.log")
	if said := read(log); strings.Count(said, "there is no container 0123") != 1 {
		t.Errorf("it says %q", said)
	}
	if code := s.start(t, "berth-desktop", nil, "berth://container/4567").ends(t); code != instance.ExitNowhere {
		t.Errorf("a second window ends with %d", code)
	}
	if said := read(log); !strings.Contains(said, "there is no container 4567") {
		t.Errorf("it says %q", said)
	}
	s.remembers(t, "#/containers/4567")
	if err := instance.End(t.Context(), p.Runtime, instance.Window); err != nil {
		t.Fatal(err)
	}
	if code := window.ends(t); code != instance.ExitNowhere {
		t.Errorf("the window ends with %d", code)
	}
}

// refused waits for the dialog.
func (s *session) refused(t testing.TB) {
	t.Helper()
	eventually(t, "it is said that the link leads nowhere", func() error {
		if !s.sees(t, refusal) {
			return errors.New("no dialog says so")
		}
		return nil
	})
	s.settled(t)
	s.screenshot(t, "link-refused")
}

func (s *session) sees(t testing.TB, title string) bool {
	t.Helper()
	_, err := s.output(t, "xdotool", "search", "--onlyvisible", "--name", title)
	return err == nil
}

// remembers waits until the page has written down that it is there, for the next time that it is opened. WebKit keeps
// that text as UTF-16 in a database.
func (s *session) remembers(t testing.TB, hash string) {
	t.Helper()
	var wanted []byte
	for _, c := range []byte(`"hash":"` + hash + `"`) {
		wanted = append(wanted, c, 0)
	}
	eventually(t, "the page is at "+hash, func() error {
		found := false
		err := filepath.WalkDir(filepath.Join(s.home, "webview"), func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return ignoreGone(err)
			}
			text, err := os.ReadFile(name)
			found = found || bytes.Contains(text, wanted)
			return ignoreGone(err)
		})
		if err == nil && !found {
			err = fmt.Errorf("it does not say so below %s", filepath.Join(s.home, "webview"))
		}
		return err
	})
}

// ignoreGone forgives files that go while they are looked at.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
