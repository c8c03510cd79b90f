// Package tray is Berth's icon in the panel. What its menu shows is a pure function of state (state.go, menu.go); one
// loop (tray.go) owns the state and draws what changed of it. How a panel is reached is the matter of app/tray/indicator.
package tray

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// retry is how long the tray waits before it looks again for a daemon that is away.
const retry = 2 * time.Second

// settling is how long a line that changed its subject is deaf: who clicks it meant what stood there before.
const settling = 500 * time.Millisecond

// Place is where a line stands, counted from 0: an item of the menu and, where Child is not 0, the line of that number,
// counted from 1, below the item.
type Place struct{ Item, Child int }

// Host is a place in a panel. Only the loop calls it.
type Host interface {
	// SetIcon shows the glyph of a phase, with text for those who point at it or cannot see it.
	SetIcon(glyph Phase, text string)
	// SetLine changes the line at a place; the first call for a place adds it below the others.
	SetLine(at Place, line Line)
	// Clicks says where was clicked.
	Clicks() <-chan Place
	// Copy puts text on the clipboard.
	Copy(text string) error
}

// Observer is told what is, and then each change.
type Observer struct {
	App        func(*appv1.App)
	Containers func([]Container) // those that run
	Context    func(DockerContext)
}

// Daemon is what the tray needs of Berth's daemon.
type Daemon interface {
	// Watch tells o of what is and of each change, until ctx ends or the daemon goes, and says why it ended. With start,
	// it starts a daemon where none runs. It may call o from several goroutines.
	Watch(ctx context.Context, start bool, o Observer) error
	// StartEngine, StopEngine and RestartEngine say what the user wants; they start a daemon where none runs.
	StartEngine(ctx context.Context) error
	StopEngine(ctx context.Context) error
	RestartEngine(ctx context.Context) error
	// Act does something to a container, and returns once it is done.
	Act(ctx context.Context, id string, action containersv1.Action) error
	// UseContext has docker use Berth's engine.
	UseContext(ctx context.Context) error
	// Quit ends the daemon and its engine; where none runs it does nothing.
	Quit(ctx context.Context) error
}

// Config is what a tray needs. All fields are required.
type Config struct {
	Host   Host
	Daemon Daemon
	// Open shows the window, at the page of a link unless that is empty. It returns once that is closed, with the reason
	// where it never opened.
	Open func(ctx context.Context, link string) error
	// Browse shows an address in the user's browser.
	Browse func(ctx context.Context, address string) error
	// Close closes the window if it is open, and returns once it is gone.
	Close func(context.Context) error
	Log   *slog.Logger
}

// Tray draws the icon and its menu, and does what is clicked.
type Tray struct {
	cfg Config

	state State
	shown map[Place]Line
	// since is when the line at a place took up its subject.
	since map[Place]time.Time
	glyph Phase
	text  string
}

// New makes a tray that shows nothing before Run.
func New(cfg Config) *Tray {
	return &Tray{
		cfg: cfg, state: State{Phase: Unreachable, Detail: "Looking for Berth…", Busy: map[string]string{}},
		shown: map[Place]Line{}, since: map[Place]time.Time{},
	}
}

// outcome is what became of a click.
type outcome struct {
	Line
	name string // of the container that it is about
	err  error
}

// Run draws until the user quits, which gives nil, or until ctx ends, which gives its error.
func (t *Tray) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	observed, outcomes, wake := make(chan change), make(chan outcome), make(chan struct{}, 1)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		t.watch(ctx, observed, wake)
	}()
	defer func() {
		cancel()
		<-watched
	}()

	second := time.NewTicker(time.Second)
	defer second.Stop()
	second.Stop()
	for ticking := false; ; {
		if counts := !t.state.Since.IsZero(); counts != ticking {
			ticking = counts
			second.Stop()
			if counts {
				second.Reset(time.Second)
			}
		}
		t.draw()
		select {
		case c := <-observed:
			c(&t.state)
		case at := <-t.cfg.Host.Clicks():
			t.click(ctx, at, outcomes)
		case o := <-outcomes:
			if (o.Action == Quit || o.Action == QuitAll) && o.err == nil {
				return nil
			}
			t.finish(o)
			wakeUp(wake)
		case <-second.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// draw shows what changed.
func (t *Tray) draw() {
	now := time.Now()
	for i, item := range Menu(t.state, now) {
		t.set(Place{Item: i}, item.Line, now)
		for j, line := range item.Items {
			t.set(Place{i, j + 1}, line, now)
		}
	}
	if glyph, text := t.state.icon(), "Berth: "+clean(headline(t.state, now), maxLabel); glyph != t.glyph || text != t.text {
		t.cfg.Host.SetIcon(glyph, text)
		t.glyph, t.text = glyph, text
	}
}

func (t *Tray) set(at Place, line Line, now time.Time) {
	before, there := t.shown[at]
	if there && before == line {
		return
	}
	if there && before.Subject != "" && before.Subject != line.Subject {
		t.since[at] = now
	}
	t.shown[at] = line
	t.cfg.Host.SetLine(at, line)
}

// watch tells of the App for ever. Only its first look may start a daemon: whoever ended one later meant it.
func (t *Tray) watch(ctx context.Context, observed chan<- change, wake <-chan struct{}) {
	tell := func(c change) {
		select {
		case observed <- c:
		case <-ctx.Done():
		}
	}
	var met atomic.Bool // an App
	away := State{Phase: Unreachable}
	for start := true; ctx.Err() == nil; start = false {
		err := t.cfg.Daemon.Watch(ctx, start, Observer{
			App: func(app *appv1.App) {
				met.Store(true)
				tell(func(s *State) { *s = s.follow(Observe(app)) })
			},
			Containers: func(all []Container) { tell(func(s *State) { s.Containers = all }) },
			Context:    func(d DockerContext) { tell(func(s *State) { s.Docker = d }) },
		})
		t.cfg.Log.Debug("Daemon is away", "err", err)
		// Why it could not be started stays to be read until a daemon answers.
		switch {
		case met.Load():
			away.Detail = ""
		case start && err != nil && ctx.Err() == nil:
			away.Detail = err.Error()
		}
		gone := away
		tell(func(s *State) {
			*s = s.follow(gone)
			s.Containers, s.Docker.There = nil, false
		})
		select {
		case <-time.After(retry):
		case <-wake:
		case <-ctx.Done():
		}
	}
}

// change is what was seen to be different.
type change func(*State)

// wakeUp makes watch look at once.
func wakeUp(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
