//go:build desktop

package desktoptest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
)

// prompt is how soon a change must show on a machine that has nothing else to do; busy ones get patience.
const prompt = time.Second

// equip puts programs of ours before those of the machine: a browser that notes what it is given, and a dockerd that is
// slow while the file slow is there, and fails while the file broken is.
func (s *session) equip(t testing.TB) {
	t.Helper()
	dir := filepath.Join(s.home, "path")
	for name, does := range map[string]string{
		"xdg-open": `[ -e "$BERTH_HOME/nobrowser" ] && { echo "no browser is installed here" >&2; exit 3; }
echo "$1" >> "$BERTH_HOME/opened"`,
		"dockerd": `[ -e "$BERTH_HOME/broken" ] && { echo "failed to start daemon: no space left on device" >&2; exit 1; }
while [ -e "$BERTH_HOME/slow" ]; do sleep 0.1; done
exec /usr/sbin/dockerd "$@"`,
	} {
		writeFile(t, filepath.Join(dir, name), "#!/bin/sh\n"+does+"\n")
		if err := os.Chmod(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.env = append(s.env, "PATH="+dir+":"+os.Getenv("PATH"), "DOCKER_CONFIG="+filepath.Join(s.home, "docker"))
}

func (s *session) docker(t testing.TB, socket string, args ...string) {
	t.Helper()
	if _, err := s.output(t, "docker", append([]string{"-H", "unix://" + socket}, args...)...); err != nil {
		t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
}

// runs starts a container of a project, with more arguments for docker.
func (s *session) runs(t testing.TB, socket, project, name string, more ...string) {
	t.Helper()
	args := []string{"run", "-d", "--init=false", "--stop-signal", "KILL", "--name", name}
	if project != "" {
		args = append(args, "--label", "com.docker.compose.project="+project, "--label", "com.docker.compose.service="+name)
	}
	args = append(append(args, more...), "busybox:latest", "/bin/busybox", "sleep", "100000")
	s.docker(t, socket, args...)
}

// has waits until the menu says this, and logs how long that took after begun.
func (i *icon) has(t testing.TB, what string, check func(all []entry) bool) {
	t.Helper()
	took := eventually(t, what, func() error {
		all, err := i.entries()
		if err == nil && !check(all) {
			err = fmt.Errorf("the menu is %v", all)
		}
		return err
	})
	if took > prompt {
		t.Logf("%s: only after %d ms", what, took.Milliseconds())
	}
}

// still waits until the menu has not changed for longer than a line is deaf that took another's place.
func (i *icon) still(t testing.TB) {
	t.Helper()
	last, since := "", time.Now()
	eventually(t, "the menu stands still", func() error {
		all, err := i.entries()
		if now := fmt.Sprint(all); err != nil || now != last {
			last, since = now, time.Now()
		}
		if time.Since(since) < prompt {
			return errors.Join(err, errors.New("it changes"))
		}
		return nil
	})
}

func labelled(label string) func([]entry) bool {
	return func(all []entry) bool {
		return slices.ContainsFunc(all, func(e entry) bool { return e.Label == label })
	}
}

func without(label string) func([]entry) bool {
	return func(all []entry) bool { return !labelled(label)(all) }
}

// pictured opens the menu, keeps a picture and closes it.
func (s *session) pictured(t testing.TB, name string, keys ...string) {
	t.Helper()
	s.openMenu(t)
	for _, key := range keys {
		s.xdotool(t, "key", key)
	}
	s.settled(t)
	s.screenshot(t, name)
	for range max(1, len(keys)) {
		s.xdotool(t, "key", "Escape")
	}
	s.xdotool(t, "mousemove", "10", "10")
	s.settled(t)
}

func (s *session) flag(t testing.TB, name string, on bool) {
	t.Helper()
	name = filepath.Join(s.home, name)
	if on {
		writeFile(t, name, "")
	} else if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

// opened waits until the window's program runs with that argument.
func opened(t testing.TB, link string) {
	t.Helper()
	eventually(t, "the window is opened at "+link, func() error {
		all, err := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, name := range all {
			if words := strings.Split(read(name), "\x00"); strings.HasSuffix(words[0], "/berth-desktop") && len(words) > 1 && words[1] == link {
				return nil
			}
		}
		return errors.Join(err, errors.New("no such process"))
	})
}

// The menu in each state of the engine, and each of its items, with a real engine beneath.
func TestTheTraysMenuFollowsAndDoes(t *testing.T) {
	s := newSession(t)
	s.equip(t)
	p := s.paths(t)
	conn := s.connect(t)
	tray := s.start(t, "berth-tray", nil)
	icon := s.icon(t, conn, tray.Process.Pid)
	icon.shows(t, "stopped", "Engine stopped", true, false)
	s.pictured(t, "1-stopped")

	s.flag(t, "slow", true)
	icon.click(t, "Start engine")
	icon.shows(t, "starting", "", false, true)
	icon.has(t, "the start counts", func(all []entry) bool { return strings.HasSuffix(all[0].Label, " s") })
	s.pictured(t, "2-starting")
	s.flag(t, "slow", false)
	icon.shows(t, "ready", "Engine running", false, true)

	socket := p.EngineSocket()
	s.containers(t, socket, 1)
	s.runs(t, socket, "shop", "shop-web_1", "-p", "127.0.0.1:18099:80")
	s.runs(t, socket, "shop", "shop-db", "--network", "none")
	s.runs(t, socket, "", "alone", "--network", "none")
	icon.has(t, "a container appears", labelled("alone"))
	icon.has(t, "projects are told apart", func(all []entry) bool {
		var labels []string
		for _, e := range all[4:] {
			labels = append(labels, e.Label)
		}
		// An underscore alone would be taken for an access key.
		return strings.HasPrefix(strings.Join(labels, ","), "shop,shop-db,shop-web__1,Other containers,alone,All containers…")
	})
	s.pictured(t, "3-ready", "Up", "Up")

	port := []string{"shop-web__1", "Open port 18099 (80/tcp)"}
	s.flag(t, "nobrowser", true)
	icon.click(t, port...)
	failed := "Could not open http://localhost:18099/: no browser is installed here"
	icon.has(t, "a failure is said", labelled(failed))
	s.pictured(t, "3-failed")
	icon.click(t, "Dismiss")
	icon.has(t, "it is dismissed", without(failed))
	s.flag(t, "nobrowser", false)
	icon.click(t, port...)
	eventually(t, "the browser is given the address", func() error {
		if got := read(filepath.Join(s.home, "opened")); got != "http://localhost:18099/\n" {
			return fmt.Errorf("it was given %q", got)
		}
		return nil
	})
	s.pictured(t, "3-container", "Down", "Down", "Down", "Down", "Right")

	icon.click(t, "shop-db", "Stop")
	icon.has(t, "the container is gone", without("shop-db"))
	icon.click(t, "alone", "Restart")
	icon.has(t, "the container is up again", labelled("alone"))
	icon.still(t)
	icon.click(t, "alone", "Logs")
	id, err := s.output(t, "docker", "-H", "unix://"+socket, "inspect", "-f", "{{.Id}}", "alone")
	if err != nil {
		t.Fatal(err)
	}
	opened(t, "berth://container/"+strings.TrimSpace(string(id))+"/logs")
	s.window(t)
	s.painted(t)
	if err := instance.End(t.Context(), p.Runtime, instance.Window); err != nil {
		t.Fatal(err)
	}
	s.docker(t, socket, "context", "use", "default")
	icon.has(t, "docker is seen to use another engine", func(all []entry) bool {
		e, err := icon.at("Docker context", "Make berth the current one")
		return err == nil && e.Enabled
	})
	s.pictured(t, "4-context", "Up", "Up", "Up", "Up", "Up", "Right")
	s.pictured(t, "4-quit", "Up", "Right")
	icon.click(t, "Docker context", "Copy the name berth")
	icon.click(t, "Docker context", "Make berth the current one")
	icon.has(t, "docker uses Berth", func([]entry) bool {
		_, err := icon.at("Docker context", "docker uses Berth's engine")
		return err == nil
	})

	// Hosts deliver clicks on what is disabled.
	start, err := icon.at("Start engine")
	if err != nil {
		t.Fatal(err)
	}
	icon.hit(t, start.ID)
	icon.shows(t, "ready", "Engine running", false, true)
	answers(t, socket)

	// A panel that starts again finds the icon.
	s.panel.stop(t)
	s.showPanel(t)
	icon = s.icon(t, conn, tray.Process.Pid)
	icon.shows(t, "ready", "Engine running", false, true)

	icon.click(t, "Restart engine")
	icon.shows(t, "starting", "Restarting engine", false, false)
	icon.shows(t, "ready", "Engine running", false, true)

	icon.click(t, "Stop engine")
	icon.shows(t, "stopped", "Engine stopped", true, false)
	s.flag(t, "broken", true)
	icon.click(t, "Start engine")
	icon.shows(t, "attention", "", true, true)
	s.pictured(t, "5-attention")
	s.flag(t, "broken", false)
	if err := client.Quit(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	icon.has(t, "Berth is away", func(all []entry) bool { return strings.HasPrefix(all[0].Label, "Berth is not running") })
	s.pictured(t, "6-unreachable")
	icon.shows(t, "unreachable", "Berth is not running", true, false)
	icon.click(t, "Quit Berth", "Cancel")
	icon.click(t, "Quit Berth", "Leave the engine running")
	if code := tray.ends(t); code != 0 {
		t.Errorf("the tray quits with %d", code)
	}
}

func TestATrayWithoutAPanelSaysSo(t *testing.T) {
	s := newSession(t)
	s.panel.stop(t)
	if code := s.start(t, "berth-tray", nil).ends(t); code != 1 {
		t.Errorf("the exit code is %d, want 1", code)
	}
	if said := read(filepath.Join(s.artifacts, "berth-tray.log")); !strings.Contains(said, "no panel shows icons here") {
		t.Errorf("it says %q", said)
	}
}
