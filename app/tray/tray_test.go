package tray

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/assets"
	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// panel is a Host that remembers.
type panel struct {
	clicks chan Place
	lines  map[Place]Line
	copied string
	glyph  Phase
	text   string
	calls  int
}

func (p *panel) SetIcon(glyph Phase, text string) { p.glyph, p.text = glyph, text }
func (p *panel) Clicks() <-chan Place             { return p.clicks }
func (p *panel) SetLine(at Place, line Line)      { p.calls, p.lines[at] = p.calls+1, line }
func (p *panel) Copy(text string) error           { p.copied = text; return nil }

// find gives the first line that does this, shown or not.
func (p *panel) find(a Action) Place {
	found := Place{Item: -1}
	for at, line := range p.lines {
		if line.Action == a && (found.Item < 0 || at.Item < found.Item) {
			found = at
		}
	}
	return found
}

// click clicks it once all that went before is drawn.
func (p *panel) click(a Action) {
	synctest.Wait()
	p.clicks <- p.find(a)
}

func (p *panel) headline() string { return p.lines[Place{Item: failureLines + 1}].Label }

// failure is what is said of a click that failed.
func (p *panel) failure() string {
	if line := p.lines[Place{}]; !line.Hidden {
		return line.Label
	}
	return ""
}

// script is a Daemon that a test plays.
type script struct {
	watches chan bool // the start flag of each watch
	apps    chan *appv1.App
	boxes   chan []Container
	docker  chan DockerContext
	gone    chan error
	asked   []Action
	answer  error
}

func (s *script) Watch(ctx context.Context, start bool, o Observer) error {
	s.watches <- start
	for {
		select {
		case app := <-s.apps:
			o.App(app)
		case all := <-s.boxes:
			o.Containers(all)
		case d := <-s.docker:
			o.Context(d)
		case err := <-s.gone:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *script) StartEngine(context.Context) error   { return s.take(Start) }
func (s *script) StopEngine(context.Context) error    { return s.take(Stop) }
func (s *script) RestartEngine(context.Context) error { return s.take(Restart) }
func (s *script) UseContext(context.Context) error    { return s.take(UseContext) }
func (s *script) Quit(context.Context) error          { return s.take(QuitAll) }
func (s *script) Act(_ context.Context, id string, a containersv1.Action) error {
	return s.take(Action(string(a) + " " + id))
}

func (s *script) take(a Action) error {
	s.asked = append(s.asked, a)
	return s.answer
}

// play runs a tray in a bubble of its own time.
func play(t *testing.T, open func(context.Context, string) error, test func(t *testing.T, p *panel, d *script, ended <-chan error)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := &panel{clicks: make(chan Place), lines: map[Place]Line{}}
		d := &script{watches: make(chan bool, 100), apps: make(chan *appv1.App), gone: make(chan error), boxes: make(chan []Container), docker: make(chan DockerContext)}
		tray := New(Config{Host: p, Daemon: d, Open: open, Browse: open, Close: func(context.Context) error { return nil }, Log: slog.New(slog.DiscardHandler)})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tray.Run(ctx) }()
		test(t, p, d, ended)
		cancel()
		synctest.Wait()
	})
}

// pass lets time pass, and then all that it brings.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestTheTrayFollowsTheApp(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		for _, step := range []struct {
			app   *appv1.App
			glyph Phase
			text  string
		}{
			{anApp(false, "Running=False/Stopped"), Stopped, "Berth: Engine stopped"},
			{anApp(true, "Running=False/Starting"), Starting, "Berth: Starting engine…"},
			{anApp(true, "Running=True/Started", "ContainerEngineReady=True/Connected"), Ready, "Berth: Engine running"},
			{anApp(true, "Running=False/Crashed"), Attention, "Berth: The engine crashed and is started again…"},
		} {
			d.apps <- step.app
			synctest.Wait()
			if p.glyph != step.glyph || p.text != step.text || "Berth: "+p.headline() != step.text {
				t.Errorf("shows %s, %q and %q; want %s, %q", p.glyph, p.text, p.headline(), step.glyph, step.text)
			}
		}
	})
}

func TestOnlyWhatChangedIsDrawn(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		stopped := anApp(false, "Running=False/Stopped")
		d.apps <- stopped
		synctest.Wait()
		p.calls = 0
		d.apps <- stopped
		synctest.Wait()
		pass(time.Hour)
		if p.calls != 0 {
			t.Errorf("drew %d items though nothing changed", p.calls)
		}
		d.apps <- anApp(true, "Running=False/Starting")
		synctest.Wait()
		if p.calls != 3 { // headline, Start, Stop
			t.Errorf("drew %d lines, want 3", p.calls)
		}
	})
}

func TestAStartCountsItsSeconds(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		app := anApp(true, "Running=False/Starting")
		app.Status.Startup = &appv1.StartupStatus{StartedAt: metav1.NowMicro()}
		d.apps <- app
		pass(3500 * time.Millisecond)
		if got := p.headline(); got != "Starting engine… 3 s" {
			t.Errorf("shows %q", got)
		}
	})
}

func TestADaemonThatLeavesIsAwaitedAndNotStarted(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.apps <- anApp(false)
		d.gone <- errors.New("EOF")
		synctest.Wait()
		if p.glyph != Unreachable || p.headline() != "Berth is not running" {
			t.Errorf("shows %s, %q", p.glyph, p.headline())
		}
		pass(retry)
		d.apps <- anApp(false)
		synctest.Wait()
		if p.glyph != Stopped {
			t.Errorf("shows %s once the daemon is back", p.glyph)
		}
		if first, second := <-d.watches, <-d.watches; !first || second {
			t.Errorf("the watches may start a daemon: %v, %v; want only the first", first, second)
		}
	})
}

func TestADaemonThatDoesNotStartIsExplainedUntilOneAnswers(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.gone <- errors.New("berth did not start: see berth.log")
		pass(retry)
		d.gone <- errors.New("nobody there")
		synctest.Wait()
		if got := p.headline(); got != "berth did not start: see berth.log" {
			t.Errorf("shows %q", got)
		}
	})
}

func TestClicksAreCarriedOutWhereTheyMakeSense(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.apps <- anApp(false, "Running=False/Stopped")
		p.click(Stop) // a host delivers clicks on disabled items too
		p.click(None)
		p.click(Start)
		synctest.Wait()
		d.apps <- anApp(true, "Running=True/Started", "ContainerEngineReady=True/Connected")
		synctest.Wait()
		p.click(Start)
		p.click(Stop)
		synctest.Wait()
		if diff := cmp.Diff([]Action{Start, Stop}, d.asked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAClickThatFailedIsShownUntilThingsMoveOn(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.answer = errors.New("disk full")
		stopped := anApp(false, "Running=False/Stopped")
		d.apps <- stopped
		p.click(Start)
		synctest.Wait()
		d.apps <- stopped
		synctest.Wait()
		if want := "Could not start the engine: disk full"; p.failure() != want || p.glyph != Attention {
			t.Errorf("shows %s, %q; want %q", p.glyph, p.failure(), want)
		}
		d.apps <- anApp(true, "Running=True/Started", "ContainerEngineReady=True/Connected")
		synctest.Wait()
		if p.glyph != Ready || p.failure() != "" {
			t.Errorf("shows %s, %q once the engine is ready", p.glyph, p.failure())
		}
	})
}

func TestAWindowThatDoesNotOpenIsShown(t *testing.T) {
	open := func(context.Context, string) error { return errors.New("no WebKit") }
	play(t, open, func(t *testing.T, p *panel, d *script, _ <-chan error) {
		d.apps <- anApp(false)
		p.click(Open)
		synctest.Wait()
		if want := "Could not open the window: no WebKit"; p.failure() != want {
			t.Errorf("shows %q, want %q", p.failure(), want)
		}
	})
}

func TestQuitEndsTheDaemonAndTheTray(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, ended <-chan error) {
		d.apps <- anApp(false)
		p.click(QuitAll)
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]Action{QuitAll}, d.asked); diff != "" {
			t.Error(diff)
		}
	})
}

func TestADaemonThatWillNotEndKeepsTheTray(t *testing.T) {
	play(t, nil, func(t *testing.T, p *panel, d *script, ended <-chan error) {
		d.answer = errors.New("busy")
		d.apps <- anApp(false)
		p.click(QuitAll)
		synctest.Wait()
		select {
		case err := <-ended:
			t.Errorf("the tray ended: %v", err)
		default:
		}
		if want := "Could not quit: busy"; p.failure() != want {
			t.Errorf("shows %q, want %q", p.failure(), want)
		}
	})
}

func TestEveryPhaseHasAGlyph(t *testing.T) {
	for _, phase := range []Phase{Unreachable, Stopped, Starting, Ready, Attention} {
		if _, _, err := assets.TrayIcon(string(phase)); err != nil {
			t.Error(err)
		}
	}
}
