package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

const (
	frame    = 100 * time.Millisecond
	spinner  = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
	eraseEnd = "\r\x1b[K"
)

// step is one thing that is being done.
type step struct {
	key     string // tells a second start's step from the first's
	name    string
	message string
	state   appv1.StepState
	took    time.Duration // unless active
}

// stepsOf are those since a moment: the steps of an earlier start are nobody's business.
func stepsOf(app *appv1.App, since time.Time) []step {
	var steps []step
	if conditionOf(app, appv1.ConditionRunning).Reason == appv1.ReasonStopping {
		steps = append(steps, step{key: appv1.ReasonStopping, name: "Stopping the engine", state: appv1.StepActive})
	}
	if app.Status.Startup == nil {
		return steps
	}
	for _, s := range app.Status.Startup.Steps {
		if s.StartedAt.Time.Before(since) && s.State != appv1.StepActive {
			continue
		}
		next := step{key: s.Name + s.StartedAt.String(), name: s.Name, message: s.Message, state: s.State}
		if s.FinishedAt != nil {
			next.took = s.FinishedAt.Sub(s.StartedAt.Time)
		}
		steps = append(steps, next)
	}
	return steps
}

// progress shows steps as they happen: a line each, and on a terminal the one that is being done is redrawn in place.
type progress struct {
	out   io.Writer
	live  bool
	color bool
	since time.Time
	stop  chan struct{}
	ended chan struct{}

	mu     sync.Mutex // guards what follows, and the turns at out
	known  map[string]appv1.StepState
	active step
	began  time.Time // active's
	turn   int
}

// newProgress shows steps since a moment on out, until close.
func newProgress(out io.Writer, live, color bool, since time.Time) *progress {
	p := &progress{
		out: out, live: live, color: color && live, since: since,
		known: map[string]appv1.StepState{}, stop: make(chan struct{}), ended: make(chan struct{}),
	}
	go p.run()
	return p
}

func (p *progress) run() {
	defer close(p.ended)
	if !p.live {
		return
	}
	t := time.NewTicker(frame)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			p.mu.Lock()
			p.turn++
			p.redraw()
			p.mu.Unlock()
		case <-p.stop:
			return
		}
	}
}

// close leaves what was shown as it stands.
func (p *progress) close() {
	close(p.stop)
	<-p.ended
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.active.key != "" {
		p.finish(p.active)
	}
}

func (p *progress) observe(app *appv1.App) {
	p.mu.Lock()
	defer p.mu.Unlock()
	steps := stepsOf(app, p.since)
	if p.active.key == appv1.ReasonStopping && !has(steps, p.active.key) {
		// A stop is no step of the API's; it is over once nothing says that it goes on.
		done := p.active
		done.state, done.took = appv1.StepDone, time.Since(p.began)
		p.finish(done)
		delete(p.known, done.key)
	}
	for _, s := range steps {
		p.take(s)
	}
}

func has(steps []step, key string) bool {
	for _, s := range steps {
		if s.key == key {
			return true
		}
	}
	return false
}

func (p *progress) take(s step) {
	before, known := p.known[s.key]
	p.known[s.key] = s.state
	switch {
	case s.state == appv1.StepActive:
		if !known {
			p.began = time.Now()
			p.begin(s)
		}
		p.active = s
		p.redraw()
	case !known || before == appv1.StepActive:
		if !known {
			p.begin(s)
		}
		p.finish(s)
	}
}

// begin says that a step is being done. On a terminal redraw does.
func (p *progress) begin(s step) {
	if !p.live {
		p.write("%s…\n", clean(s.name))
	}
}

// redraw shows the step that is being done.
func (p *progress) redraw() {
	if !p.live || p.active.key == "" {
		return
	}
	wheel := []rune(spinner)
	text := fmt.Sprintf("%c %s", wheel[p.turn%len(wheel)], clean(p.active.name))
	if p.active.message != "" {
		text += " (" + clean(p.active.message) + ")"
	}
	p.write("%s%s %s", eraseEnd, text, p.paint("2", seconds(time.Since(p.began))))
}

// finish leaves the line of a step that is over, or was given up.
func (p *progress) finish(s step) {
	if p.active.key == s.key {
		p.active = step{}
	}
	switch {
	case !p.live && s.state == appv1.StepFailed:
		p.write("%s: failed\n", clean(s.name))
	case !p.live:
	case s.state == appv1.StepDone:
		p.write("%s%s %s %s\n", eraseEnd, p.paint("32", "✓"), clean(s.name), p.paint("2", seconds(s.took)))
	case s.state == appv1.StepFailed:
		p.write("%s%s %s\n", eraseEnd, p.paint("31", "✗"), clean(s.name))
	default:
		p.write("%s- %s\n", eraseEnd, clean(s.name))
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

func (p *progress) paint(code, s string) string {
	if !p.color {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p *progress) write(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format, args...) // progress that nobody can see is no failure of what it shows
}
