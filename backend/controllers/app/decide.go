package app

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
)

// Timing says how long things take at most, and how long we wait in between.
type Timing struct {
	// Look, Start and Stop are the deadlines of what a driver is asked to do, and Step that of each step of a start
	// which names none of its own.
	Look, Start, Step, Stop time.Duration
	// Connect is how long a machine that is up may go without the mirror having read its engine, before that counts as
	// a failure. The mirror goes on trying.
	Connect time.Duration
	// Release is how long the mirror has to take its objects away before the engine is stopped regardless.
	Release time.Duration
	// Backoff is how long a machine that crashed stays down before each attempt to start it again; there are as many
	// attempts as entries.
	Backoff []time.Duration
	// Stable is how long a machine has to stand for its earlier crashes to be forgotten.
	Stable time.Duration
}

// DefaultTiming is what users get. A start may have to fetch a machine's disk, whose step says so; it can be cancelled
// at any time.
func DefaultTiming() Timing {
	return Timing{
		Look:    10 * time.Second,
		Start:   75 * time.Minute,
		Step:    2 * time.Minute,
		Stop:    2 * time.Minute,
		Connect: 2 * time.Minute,
		Release: 10 * time.Second,
		Backoff: []time.Duration{time.Second, 2 * time.Second, 4 * time.Second},
		Stable:  time.Minute,
	}
}

// view is all that a decision depends on.
type view struct {
	wish    wish
	machine sight
	// ready is ContainerEngineReady, if the mirror decided it on this generation or a later one.
	ready metav1.Condition
	// leaving is when the wish was first seen that the machine which is up should not be; zero if there is no such.
	leaving time.Time
	// waiting is since when a machine that is up as wished has not been ready; zero if it is, or is not up.
	waiting time.Time
	now     time.Time
	timing  Timing
	// median is what a step usually takes, in milliseconds, and the whole start if its name is empty.
	median func(step string) int64
	// tail is the end of the engine's log.
	tail func() []string
}

// leaves says whether the machine that is there is not wanted.
func leaves(w wish, m sight) bool {
	return !w.running || m.phase != down && m.phase != unseen && houseOf(w) != houseOf(m.wish)
}

// decide is the protocol: what the machine is to do next, and when to look again if nothing else happens.
func (v view) decide() (order, time.Duration) {
	switch v.machine.phase {
	case unseen:
		if v.wish.running {
			return start, 0
		}
		return look, 0 // an earlier daemon may have left it up
	case found:
		if v.wish.running {
			return start, 0 // which takes it over
		}
		return stop, 0 // the mirror never saw it
	case starting:
		if v.leaves() && !v.machine.abandoned {
			return abandon, 0
		}
		return nothing, 0
	case up:
		return v.decideUp()
	case crashed:
		return v.decideCrashed()
	case down:
		switch {
		case v.wish.running && !v.hasFailed():
			return start, 0
		case !v.wish.running && !v.released():
			return nothing, v.untilRelease()
		}
	}
	return nothing, 0
}

func (v view) decideUp() (order, time.Duration) {
	switch {
	case v.hasFailed():
		return nothing, 0
	case !v.leaves():
		return nothing, v.untilUnread()
	case v.released():
		return stop, 0
	}
	return nothing, v.untilRelease()
}

func (v view) decideCrashed() (order, time.Duration) {
	switch {
	case v.leaves():
		return stop, 0 // what it left behind
	case v.hasFailed():
		return nothing, 0
	case v.gaveUp():
		return start, 0 // the user has changed something since
	}
	wait := v.timing.Backoff[v.machine.restarts] - v.now.Sub(v.machine.failedAt)
	if wait > 0 {
		return nothing, wait
	}
	return start, 0
}

func (v view) leaves() bool { return leaves(v.wish, v.machine) }

// gaveUp says whether the machine has crashed too often.
func (v view) gaveUp() bool {
	return v.machine.phase == crashed && v.machine.restarts >= len(v.timing.Backoff)
}

// hasFailed says whether this very wish was tried and could not be fulfilled: only the user can help.
func (v view) hasFailed() bool {
	if v.machine.trouble == none || v.machine.wish != v.wish {
		return false
	}
	return v.machine.phase != crashed || v.gaveUp()
}

// released says whether the mirror has let go of the engine: it has taken its objects away, for this generation, or
// it has not answered for too long.
func (v view) released() bool {
	gone := v.ready.Status == metav1.ConditionFalse && (v.ready.Reason == app.ReasonStopped || v.ready.Reason == app.ReasonNotApplicable)
	return gone || v.untilRelease() == 0
}

func (v view) untilRelease() time.Duration {
	return max(0, v.timing.Release-v.now.Sub(v.leaving))
}

// isReady says whether what the mirror has to say of the engine is what is wished for.
func (v view) isReady() bool {
	if v.wish.engine.Name == app.EngineContainerd {
		return v.ready.Reason == app.ReasonNotApplicable
	}
	return v.ready.Status == metav1.ConditionTrue
}

// waits says whether a machine is up as wished, and only the mirror is behind.
func (v view) waits() bool {
	return v.machine.phase == up && !v.leaves() && !v.isReady()
}

// untilUnread is how long the mirror still has; 0 if nobody waits for it, or it is late.
func (v view) untilUnread() time.Duration {
	if !v.waits() {
		return 0
	}
	return max(0, v.timing.Connect-v.now.Sub(v.waiting))
}

// unread says whether the mirror is late: the machine is up, and nobody has been able to read its engine for long.
func (v view) unread() bool { return v.waits() && v.untilUnread() == 0 }

// readySince is ContainerEngineReady as far as it was decided on this generation: an earlier one is of no interest.
func readySince(a *app.App, generation int64) metav1.Condition {
	c, ok := condition.Since(a.Status.Conditions, app.ConditionContainerEngineReady, generation)
	if !ok {
		return metav1.Condition{}
	}
	return c
}
