// Package notify tells the user of what needs them while they look elsewhere: an engine that died, a container that keeps
// ending, a disk that is nearly full, and the end of a start that took long. Each cause is told once until it has gone
// and come again, and nothing is told of a state that the user caused.
package notify

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/diagnostics"
)

const (
	// away is how long a start takes of which people no longer wait for the end.
	away = 15 * time.Second
	// calm is how long a cause has to be gone before it counts as another one when it comes again.
	calm = 5 * time.Minute
	// Within spell a container that its restart policy has started looping times keeps ending.
	spell   = 2 * time.Minute
	looping = 3
)

// Notice is one thing to tell.
type Notice struct {
	// Cause is what it is about. A notice takes the place of the one before it about the same.
	Cause string
	Title string
	Body  string
	// Link leads to where more is to be seen.
	Link string
	// Urgent ones need the user.
	Urgent bool
}

// Judge decides what is to be told of what is seen. What it sees first is how things are, and no news; but an engine is
// dead for moments only, so that one has just died.
type Judge struct {
	engine     engine
	containers map[string]*loops
	disk       bool // it was told that it is nearly full
}

type engine struct {
	known   bool
	asked   time.Time // when the start began that is on its way; zero without one
	told    string    // what was told of its trouble
	soundAt time.Time // since when it is well
	// The start by which it was seen to run last, and the generation that asked for it.
	upBy  time.Time
	upFor int64
}

// fell says that the engine was started again and nobody asked for it: it is dead for moments only, and a machine that is
// busy shows none of them.
func (e *engine) fell(app *appv1.App, running metav1.Condition) bool {
	s := app.Status.Startup
	if s == nil || running.ObservedGeneration < app.Generation {
		return false
	}
	fell := !e.upBy.IsZero() && e.upFor == app.Generation && s.StartedAt.After(e.upBy)
	if fell || running.Reason == appv1.ReasonStarted {
		e.upBy, e.upFor = s.StartedAt.Time, app.Generation
	}
	return fell
}

// loops is how often a container was started again.
type loops struct {
	base int32 // restarts when the spell began
	from time.Time
	last time.Time // of the last restart
	told bool
}

// NewJudge makes one that has seen nothing yet.
func NewJudge() *Judge { return &Judge{containers: map[string]*loops{}} }

// Anew says that another daemon is followed from here on, whose starts cannot be compared with those of the one before.
func (j *Judge) Anew() { j.engine.upBy = time.Time{} }

// App judges the engine. It gives nil if there is nothing to tell.
func (j *Judge) App(app *appv1.App, now time.Time) *Notice {
	e := &j.engine
	first := !e.known
	e.known = true
	running, settled := condition.Get(app.Status.Conditions, appv1.ConditionRunning), condition.Get(app.Status.Conditions, appv1.ConditionSettled)
	failed := settled.Status == metav1.ConditionFalse && settled.Reason == appv1.ReasonFailed && settled.ObservedGeneration >= app.Generation
	switch {
	case !app.Spec.Running: // whatever comes of it, the user wished it
		*e = engine{known: true}
		return nil
	case failed:
		return e.fail(app, running.Reason == appv1.ReasonCrashed, first, now)
	case running.Reason == appv1.ReasonCrashed:
		return e.end(messageOf(app, running) + " It is being started again.")
	case e.fell(app, running):
		return e.end("It was started again.")
	case settled.Status == metav1.ConditionTrue && settled.ObservedGeneration >= app.Generation:
		return e.well(first, now)
	case e.asked.IsZero() && e.told == "":
		e.asked = now
		if s := app.Status.Startup; s != nil && running.ObservedGeneration >= app.Generation {
			e.asked = s.StartedAt.Time
		}
	}
	return nil
}

// end judges an engine that ended and comes back by itself.
func (e *engine) end(body string) *Notice {
	before := e.told
	e.told, e.soundAt = "crashed", time.Time{}
	if before != "" {
		return nil
	}
	return &Notice{Cause: "engine", Title: "Docker ended unexpectedly", Body: body, Link: "berth://containers", Urgent: true}
}

// fail judges an engine that will not come without the user.
func (e *engine) fail(app *appv1.App, crashed, first bool, now time.Time) *Notice {
	took := now.Sub(e.asked)
	quick := !crashed && (e.asked.IsZero() || took < away) // who asked for it sees it
	e.asked, e.soundAt = time.Time{}, time.Time{}
	if first || quick || e.told == "failed" {
		e.told = "failed"
		return nil
	}
	e.told = "failed"
	title := "Docker did not start"
	if crashed {
		title = "Docker ends again and again, and was given up"
	}
	body := messageOf(app, condition.Get(app.Status.Conditions, appv1.ConditionSettled))
	if f := app.Status.Failure; f != nil && f.Hint != "" {
		body += " " + f.Hint
	}
	return &Notice{Cause: "engine", Title: title, Body: body, Link: "berth://diagnostics", Urgent: true}
}

func (e *engine) well(first bool, now time.Time) *Notice {
	asked := e.asked
	e.asked = time.Time{}
	if e.soundAt.IsZero() {
		e.soundAt = now
	}
	if e.told != "" && now.Sub(e.soundAt) >= calm {
		e.told = ""
	}
	if took := now.Sub(asked); !first && !asked.IsZero() && e.told == "" && took >= away {
		return &Notice{Cause: "engine", Title: "Docker is running", Body: fmt.Sprintf("It took %s.", took.Round(time.Second)), Link: "berth://containers"}
	}
	return nil
}

// Container judges one container; gone says that it was removed.
func (j *Judge) Container(c *containersv1.Container, gone bool, now time.Time) *Notice {
	l := j.containers[c.Name]
	switch restarts := c.Status.RestartCount; {
	case gone:
		delete(j.containers, c.Name)
		return nil
	case l == nil:
		j.containers[c.Name] = &loops{base: restarts, from: now, last: now}
		return nil
	case restarts < l.base: // it was started by hand, which counts anew
		*l = loops{base: restarts, from: now, last: now, told: l.told}
		return nil
	case restarts == l.base && now.Sub(l.from) < spell:
		return nil
	case now.Sub(l.last) >= calm:
		l.told = false
	}
	l.last = now
	if now.Sub(l.from) >= spell {
		l.base, l.from = c.Status.RestartCount, now
		return nil
	}
	if l.told || c.Status.RestartCount-l.base < looping {
		return nil
	}
	l.told = true
	name := c.Status.Name
	if name == "" {
		name = c.Name
	}
	return &Notice{
		Cause: "container " + c.Name, Title: name + " ends again and again",
		Body: fmt.Sprintf("It was started again %d times within %s; last it ended with exit code %d.", c.Status.RestartCount-l.base, now.Sub(l.from).Round(time.Second), c.Status.ExitCode),
		Link: "berth://container/" + c.Name + "/logs", Urgent: true,
	}
}

// Disk judges the disk that the engine's data is on.
func (j *Judge) Disk(f diagnostics.Finding) *Notice {
	if f.Level != diagnostics.Problem {
		j.disk = j.disk && f.Level == diagnostics.Warning // a disk on the brink is told once
		return nil
	}
	if j.disk {
		return nil
	}
	j.disk = true
	return &Notice{Cause: "disk", Title: "The disk is nearly full", Body: f.Message, Link: "berth://diagnostics", Urgent: true}
}

func messageOf(app *appv1.App, c metav1.Condition) string {
	if f := app.Status.Failure; f != nil && f.Message != "" {
		return f.Message
	}
	return c.Message
}
