// Package tray is Berth's icon in the panel. What its menu shows is a pure function of state (state.go, menu.go); one
// loop (tray.go) owns the state and draws what changed of it. How a panel is reached is the matter of app/tray/indicator.
package tray

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

// retry is how long the tray waits before it looks again for a daemon that is away.
const retry = 2 * time.Second

// Host is a place in a panel. Only the loop calls it.
type Host interface {
	// SetIcon shows the glyph of a phase, with text for those who point at it or cannot see it.
	SetIcon(glyph Phase, text string)
	// SetItem changes the item at a place, counted from the top; the first call for a place adds it below the others.
	SetItem(place int, item Item)
	// Clicks says what was clicked.
	Clicks() <-chan Action
}

// Daemon is what the tray needs of Berth's daemon.
type Daemon interface {
	// Watch tells observe of the App as it is and of each change, until ctx ends or the daemon goes, and says why it
	// ended. With start, it starts a daemon where none runs.
	Watch(ctx context.Context, start bool, observe func(*appv1.App)) error
	// StartEngine and StopEngine say what the user wants; they start a daemon where none runs.
	StartEngine(ctx context.Context) error
	StopEngine(ctx context.Context) error
	// Quit ends the daemon; where none runs it does nothing.
	Quit(ctx context.Context) error
}

// Config is what a tray needs. All fields are required.
type Config struct {
	Host   Host
	Daemon Daemon
	// Open shows the window. It returns once that is closed, with the reason where it never opened.
	Open func(context.Context) error
	// Close closes the window if it is open, and returns once it is gone.
	Close func(context.Context) error
	Log   *slog.Logger
}

// Tray draws the icon and its menu, and does what is clicked.
type Tray struct {
	cfg Config

	state State
	shown []Item
	glyph Phase
	text  string
}

// New makes a tray that shows nothing before Run.
func New(cfg Config) *Tray {
	return &Tray{cfg: cfg, state: State{Phase: Unreachable, Detail: "Looking for Berth…"}}
}

// outcome is what became of a click.
type outcome struct {
	action Action
	err    error
}

// Run draws until the user quits, which gives nil, or until ctx ends, which gives its error.
func (t *Tray) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	observed, outcomes, wake := make(chan State), make(chan outcome), make(chan struct{}, 1)
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
		case s := <-observed:
			t.observe(s)
		case a := <-t.cfg.Host.Clicks():
			t.click(ctx, a, outcomes)
		case o := <-outcomes:
			if o.action == Quit && o.err == nil {
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

// observe takes over what was seen; what clicks have to say stays until the phase moves on.
func (t *Tray) observe(s State) {
	s.Doing = t.state.Doing
	if s.Phase == t.state.Phase {
		s.Failed = t.state.Failed
	}
	t.state = s
}

func (t *Tray) click(ctx context.Context, a Action, outcomes chan<- outcome) {
	if !t.state.can(a) {
		return
	}
	t.state.Failed = ""
	var do func(context.Context) error
	switch a {
	case Start:
		t.state.Doing, do = "Starting engine…", t.cfg.Daemon.StartEngine
	case Stop:
		t.state.Doing, do = "Stopping engine…", t.cfg.Daemon.StopEngine
	case Quit:
		t.state.Doing, do = "Quitting…", t.quit
	case Open:
		do = t.cfg.Open
	default:
		return
	}
	go func() {
		o := outcome{a, do(ctx)}
		select {
		case outcomes <- o:
		case <-ctx.Done():
		}
	}()
}

// quit closes the window first: it would start the daemon again.
func (t *Tray) quit(ctx context.Context) error {
	if err := t.cfg.Close(ctx); err != nil {
		return err
	}
	return t.cfg.Daemon.Quit(ctx)
}

func (t *Tray) finish(o outcome) {
	if o.action != Open {
		t.state.Doing = ""
	}
	if o.err == nil {
		return
	}
	t.state.Failed = fmt.Sprintf("%s: %v", verb(o.action), o.err)
	t.cfg.Log.Warn("Click came to nothing", "action", o.action, "err", o.err)
}

func verb(a Action) string {
	switch a {
	case Start:
		return "Could not start the engine"
	case Stop:
		return "Could not stop the engine"
	case Open:
		return "Could not open the window"
	default:
		return "Could not quit"
	}
}

// draw shows what changed.
func (t *Tray) draw() {
	menu := Menu(t.state, time.Now())
	for i, item := range menu {
		if i >= len(t.shown) || t.shown[i] != item {
			t.cfg.Host.SetItem(i, item)
		}
	}
	t.shown = menu
	if glyph, text := t.state.icon(), "Berth: "+menu[0].Label; glyph != t.glyph || text != t.text {
		t.cfg.Host.SetIcon(glyph, text)
		t.glyph, t.text = glyph, text
	}
}

// watch tells of the App for ever. Only its first look may start a daemon: whoever ended one later meant it.
func (t *Tray) watch(ctx context.Context, observed chan<- State, wake <-chan struct{}) {
	tell := func(s State) {
		select {
		case observed <- s:
		case <-ctx.Done():
		}
	}
	away, met := State{Phase: Unreachable}, false
	for start := true; ctx.Err() == nil; start = false {
		err := t.cfg.Daemon.Watch(ctx, start, func(app *appv1.App) {
			away.Detail, met = "", true
			tell(Observe(app))
		})
		t.cfg.Log.Debug("Daemon is away", "err", err)
		// Why it could not be started stays to be read until a daemon answers.
		if start && !met && err != nil && ctx.Err() == nil {
			away.Detail = err.Error()
		}
		tell(away)
		select {
		case <-time.After(retry):
		case <-wake:
		case <-ctx.Done():
		}
	}
}

// wakeUp makes watch look at once.
func wakeUp(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}
