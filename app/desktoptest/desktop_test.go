//go:build desktop

package desktoptest

import (
	"context"
	"errors"
	"fmt"
	"image"
	"iter"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// The journey of a user who has a tray and opens the window from it. Each part goes on from where the last one ended.
func TestTheWindowAndTheTrayOnARealDesktop(t *testing.T) {
	s := newSession(t)
	p := s.paths(t)
	conn := s.connect(t)

	tray := s.start(t, "berth-tray", nil)
	icon := s.icon(t, conn, tray.Process.Pid)
	icon.shows(t, "stopped", "Engine stopped", true, false)
	s.screenshot(t, "1-tray-stopped")

	if second := s.start(t, "berth-tray", nil); second.ends(t) != 0 {
		t.Error("a second tray ends with an error")
	}

	begun := time.Now()
	window := s.start(t, "berth-desktop", nil)
	s.window(t)
	appeared := time.Since(begun)
	s.painted(t)
	painted := time.Since(begun)
	rss, pss := memory(window.Process.Pid)
	t.Logf("window: there after %d ms, painted after %d ms; %d MiB resident, %d MiB its fair share",
		appeared.Milliseconds(), painted.Milliseconds(), rss, pss)
	s.screenshot(t, "2-window-stopped")

	begun = time.Now()
	icon.click(t, "Start engine")
	icon.shows(t, "ready", "Engine running", false, true)
	t.Logf("engine: ready %d ms after the click in the tray", time.Since(begun).Milliseconds())
	answers(t, p.EngineSocket())
	s.containers(t, p.EngineSocket(), 12)
	s.settled(t)
	s.screenshot(t, "3-window-and-tray-running")
	s.openMenu(t)
	s.screenshot(t, "4-tray-menu")
	s.xdotool(t, "key", "Escape")

	if second := s.start(t, "berth-desktop", nil); second.ends(t) != 0 {
		t.Error("a second window ends with an error")
	}
	if err := instance.Ask(t.Context(), p.Runtime, instance.Window, instance.Quit); err != nil {
		t.Error(err)
	}
	if code := window.ends(t); code != 0 {
		t.Errorf("the window's process ends with %d", code)
	}
	answers(t, p.EngineSocket())

	// With no window that wants it, a daemon that ends stays away until the user wants it again.
	if err := client.Quit(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	icon.shows(t, "unreachable", "Berth is not running", true, false)
	s.screenshot(t, "5-daemon-away")
	silent(t, p.EngineSocket())

	icon.click(t, "Start engine")
	icon.shows(t, "ready", "Engine running", false, true)
	icon.click(t, "Open Berth")
	s.window(t)
	s.painted(t)
	s.settled(t)
	s.screenshot(t, "6-window-again")

	icon.click(t, "Stop engine")
	icon.shows(t, "stopped", "Engine stopped", true, false)
	silent(t, p.EngineSocket())
	s.settled(t)
	s.screenshot(t, "7-stopped-again")
	s.clickFilledButton(t)
	icon.shows(t, "ready", "Engine running", false, true)
	answers(t, p.EngineSocket())
	s.settled(t)
	s.screenshot(t, "8-started-from-the-window")

	rss, pss = memory(tray.Process.Pid)
	t.Logf("tray: %d MiB resident, %d MiB its fair share", rss, pss)
	icon.click(t, "Quit Berth", "Stop the engine too")
	if code := tray.ends(t); code != 0 {
		t.Errorf("the tray quits with %d", code)
	}
	if err := instance.Ask(t.Context(), p.Runtime, instance.Window, instance.Raise); err == nil {
		t.Error("the window is still there after Berth has quit")
	}
	if _, err := client.Connect(t.Context(), client.Options{Paths: p}); !errors.Is(err, client.ErrNotRunning) {
		t.Errorf("the daemon after Berth has quit: %v", err)
	}
}

func TestTheWindowFollowsTheTheme(t *testing.T) {
	s := newSession(t)
	s.paths(t)
	for theme, dark := range map[string]bool{"Adwaita": false, "Adwaita:dark": true} {
		window := s.start(t, "berth-desktop", []string{"GTK_THEME=" + theme})
		s.window(t)
		s.painted(t)
		s.settled(t)
		shot := s.screenshot(t, "window-"+strings.ReplaceAll(theme, ":", "-"))
		if got := brightness(shot); got < 100 != dark {
			t.Errorf("with the theme %s the window's brightness is %d of 255", theme, got)
		}
		window.stop(t)
	}
}

func TestWithoutADesktopTheReasonIsSaid(t *testing.T) {
	home := shortDir(t)
	base := append(os.Environ(), "BERTH_HOME="+home, "WAYLAND_DISPLAY=", "XDG_RUNTIME_DIR="+home)
	for name, c := range map[string]struct {
		program string
		env     []string
		want    string
	}{
		"window without a display": {"berth-desktop", []string{"DISPLAY="}, "berth ui"},
		"window on a dead display": {"berth-desktop", []string{"DISPLAY=:9999"}, ":9999"},
		"tray without a display":   {"berth-tray", []string{"DISPLAY="}, "no display"},
		"tray without a bus":       {"berth-tray", []string{"DISPLAY=:9999", "DBUS_SESSION_BUS_ADDRESS="}, "no session bus"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &session{bin: binaries(t), artifacts: t.TempDir(), env: base}
			if code := s.start(t, c.program, c.env).ends(t); code != 1 {
				t.Errorf("the exit code is %d, want 1", code)
			}
			said := read(filepath.Join(s.artifacts, c.program+".log"))
			if !strings.Contains(said, c.want) || strings.Contains(said, "goroutine") {
				t.Errorf("it says %q, want %q and no stack", said, c.want)
			}
		})
	}
}

func (s *session) paths(t testing.TB) paths.Paths {
	t.Helper()
	p, err := paths.FromEnvironment(func(key string) string {
		if key == paths.EnvHome {
			return s.home
		}
		return ""
	})
	if err != nil {
		t.Fatal(err)
	}
	// The daemon is no process of ours: the first face that wants one starts it.
	t.Cleanup(func() {
		for _, face := range []string{instance.Window, instance.Tray} { // a window brings a tray, and either a daemon
			if err := instance.End(context.WithoutCancel(t.Context()), p.Runtime, face); err != nil {
				t.Errorf("end the %s: %v", face, err)
			}
		}
		if err := client.Quit(context.WithoutCancel(t.Context()), p); err != nil {
			t.Errorf("end the daemon: %v", err)
		}
		if err := os.CopyFS(s.artifacts, os.DirFS(p.Logs())); err != nil {
			t.Errorf("keep the daemon's logs: %v", err)
		}
	})
	return p
}

func (s *session) xdotool(t testing.TB, args ...string) {
	t.Helper()
	if _, err := s.output(t, "xdotool", args...); err != nil {
		t.Fatalf("xdotool %s: %v", strings.Join(args, " "), err)
	}
}

// window waits for Berth's window.
func (s *session) window(t testing.TB) {
	t.Helper()
	eventually(t, "the window appears", func() error {
		_, err := s.output(t, "xdotool", "search", "--onlyvisible", "--name", "^Berth$")
		return err
	})
}

// painted waits until the page shows something: an empty window has one colour and its edge.
func (s *session) painted(t testing.TB) {
	t.Helper()
	eventually(t, "the page paints", func() error {
		if n := colours(s.screenshot(t, "")); n < 20 {
			return fmt.Errorf("the window shows %d colours", n)
		}
		return nil
	})
}

// settled waits until the screen stands still, so that a screenshot shows what a person would see. A page that moves
// for longer, or whose ages tick, is taken as it is.
func (s *session) settled(t testing.TB) {
	t.Helper()
	var last uint64
	var since time.Time
	for begun := time.Now(); time.Since(begun) < 3*time.Second; {
		at := time.Now()
		if now := fingerprint(s.screenshot(t, "")); now != last {
			last, since = now, at
		} else if at.Sub(since) > 300*time.Millisecond {
			return
		}
	}
}

// containers makes some containers that do not run.
func (s *session) containers(t testing.TB, socket string, n int) {
	t.Helper()
	docker := func(args ...string) {
		if _, err := s.output(t, "docker", append([]string{"-H", "unix://" + socket}, args...)...); err != nil {
			t.Fatalf("docker %s: %v", strings.Join(args, " "), err)
		}
	}
	rootfs := filepath.Join(s.home, "rootfs.tar")
	if _, err := s.output(t, "tar", "-cf", rootfs, "-C", "/", "bin/busybox"); err != nil {
		t.Fatalf("pack busybox: %v", err)
	}
	docker("import", rootfs, "busybox:latest")
	for i := range n {
		docker("create", "--name", fmt.Sprintf("box-%02d", i), "busybox:latest", "/bin/busybox", "true")
	}
}

// clickFilledButton clicks the one button of the page that is filled with the accent: the next thing to do.
func (s *session) clickFilledButton(t testing.TB) {
	t.Helper()
	shot := s.screenshot(t, "")
	var x, y, n int
	for at := range pixels(shot.Bounds()) {
		if r, g, b, _ := shot.At(at.X, at.Y).RGBA(); at.X > screenWidth/2 && r>>8 == 0x17 && g>>8 == 0x69 && b>>8 == 0x8b {
			x, y, n = x+at.X, y+at.Y, n+1
		}
	}
	if n == 0 {
		t.Fatal("the page has no filled button")
	}
	s.xdotool(t, "mousemove", fmt.Sprint(x/n), fmt.Sprint(y/n), "click", "1")
}

// openMenu clicks the icon, which is the last thing in the panel's corner.
func (s *session) openMenu(t testing.TB) {
	t.Helper()
	s.xdotool(t, "mousemove", fmt.Sprint(screenWidth-14), fmt.Sprint(screenHeight-14), "click", "1")
	s.settled(t)
}

// answers checks that an engine is behind the socket.
func answers(t testing.TB, socket string) {
	t.Helper()
	if err := ping(t, socket); err != nil {
		t.Errorf("the engine does not answer: %v", err)
	}
}

// silent checks that none is.
func silent(t testing.TB, socket string) {
	t.Helper()
	if err := ping(t, socket); err == nil {
		t.Error("an engine answers though none should run")
	}
}

func ping(t testing.TB, socket string) error {
	t.Helper()
	engine := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", socket)
	}}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://docker/_ping", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := engine.Do(req)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		err = errors.New(res.Status)
	}
	return errors.Join(err, res.Body.Close())
}

// pixels are every second one of what lies above the panel, both ways.
func pixels(area image.Rectangle) iter.Seq[image.Point] {
	return func(yield func(image.Point) bool) {
		for y := area.Min.Y; y < area.Max.Y-40; y += 2 {
			for x := area.Min.X; x < area.Max.X; x += 2 {
				if !yield(image.Pt(x, y)) {
					return
				}
			}
		}
	}
}

func sample(img image.Image, visit func(r, g, b uint32)) {
	for at := range pixels(img.Bounds()) {
		r, g, b, _ := img.At(at.X, at.Y).RGBA()
		visit(r>>8, g>>8, b>>8)
	}
}

func colours(img image.Image) int {
	seen := map[uint32]bool{}
	sample(img, func(r, g, b uint32) { seen[r<<16|g<<8|b] = true })
	return len(seen)
}

func fingerprint(img image.Image) (hash uint64) {
	sample(img, func(r, g, b uint32) { hash = hash*1099511628211 + uint64(r<<16|g<<8|b) })
	return hash
}

func brightness(img image.Image) uint32 {
	var sum, n uint32
	sample(img, func(r, g, b uint32) { sum, n = sum+(r+g+b)/3, n+1 })
	return sum / n
}
