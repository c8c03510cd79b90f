package app

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/vm"
)

// verdict is the status, reason and message of a condition.
type verdict struct {
	status  metav1.ConditionStatus
	reason  string
	message string
}

func yes(reason, message string) verdict { return verdict{metav1.ConditionTrue, reason, message} }
func no(reason, message string) verdict  { return verdict{metav1.ConditionFalse, reason, message} }

// write puts what v amounts to into an App's status, and touches nothing that is the mirror's.
func (v view) write(s *app.AppStatus) {
	set := func(name string, is verdict) {
		condition.Set(&s.Conditions, metav1.Condition{
			Type: name, Status: is.status, Reason: is.reason, Message: is.message, ObservedGeneration: v.wish.generation,
		}, v.now)
	}
	set(app.ConditionCreated, v.created())
	set(app.ConditionRunning, v.running())
	set(app.ConditionSettled, v.settled())
	v.writeEngine(s)
	v.writeStartup(s)
	v.writeFailure(s)
}

func (v view) created() verdict {
	switch {
	case v.machine.trouble == createFails:
		return no(app.ReasonCreateFailed, v.machine.failure.Message)
	case v.machine.created:
		return yes(app.ReasonCreated, "The place where Docker lives is there.")
	default:
		return no(app.ReasonPending, "The place where Docker lives has not been made yet.")
	}
}

func (v view) running() verdict {
	m := v.machine
	switch m.phase {
	case starting:
		if m.abandoned {
			return no(app.ReasonStopping, "The start is being cancelled.")
		}
		return no(app.ReasonStarting, v.words("Docker is starting.", "Connecting to Docker."))
	case up:
		switch {
		case m.trouble == stopFails && v.hasFailed():
			return yes(app.ReasonStopFailed, m.failure.Message)
		case v.leaves():
			return yes(app.ReasonStopping, v.words("Docker is stopping.", "Disconnecting from Docker."))
		}
		return yes(app.ReasonStarted, "Docker is running.")
	case stopping:
		if m.endpoint == "" { // it had crashed: this only tidies up
			return no(app.ReasonStopping, v.words("Docker is stopping.", "Disconnecting from Docker."))
		}
		return yes(app.ReasonStopping, v.words("Docker is stopping.", "Disconnecting from Docker."))
	case crashed:
		if m.trouble == crash {
			return no(app.ReasonCrashed, m.failure.Message)
		}
		return no(app.ReasonStartFailed, m.failure.Message)
	case down:
		if v.hasFailed() {
			return no(app.ReasonStartFailed, m.failure.Message)
		}
		return no(app.ReasonStopped, v.words("Docker is stopped.", "Berth is not connected to Docker."))
	default:
		return verdict{metav1.ConditionUnknown, app.ReasonPending, "Berth is looking whether Docker runs."}
	}
}

// words chooses how to speak of the machine: one that is not Berth's own is never started or stopped.
func (v view) words(own, attached string) string {
	if v.machine.wish.engine.Provider == app.ProviderHost {
		return attached
	}
	return own
}

// settled says whether all agree with this generation.
func (v view) settled() verdict {
	switch {
	case v.hasFailed():
		return no(app.ReasonFailed, sentence(v.machine.failure))
	case v.machine.phase == crashed && !v.leaves():
		return no(app.ReasonSettling, "Docker is down and is started again: "+v.machine.failure.Message)
	case !v.wish.running && v.machine.phase == down && v.released():
		return yes(app.ReasonSettled, v.running().message)
	case v.machine.phase != up || v.leaves():
		return no(app.ReasonSettling, v.running().message)
	case v.ready.Status == metav1.ConditionTrue && v.wish.engine.Name != app.EngineContainerd:
		return yes(app.ReasonSettled, "Docker is ready.")
	case v.ready.Reason == app.ReasonNotApplicable && v.wish.engine.Name == app.EngineContainerd:
		return yes(app.ReasonSettled, "containerd is ready.")
	case v.ready.Message != "":
		return no(app.ReasonSettling, v.ready.Message)
	default:
		return no(app.ReasonSettling, "Docker runs, and Berth is about to connect to it.")
	}
}

// writeEngine writes the endpoint, and leaves the rest to the mirror.
func (v view) writeEngine(s *app.AppStatus) {
	switch v.machine.phase {
	case up, stopping:
		if v.machine.endpoint == "" {
			return
		}
		if s.Engine == nil || s.Engine.Endpoint != v.machine.endpoint {
			s.Engine = &app.EngineStatus{Endpoint: v.machine.endpoint} // what is known of another engine is not known of this
		}
	case down, unseen:
		if s.Engine == nil {
			return
		}
		s.Engine.Endpoint = ""
		if *s.Engine == (app.EngineStatus{}) {
			s.Engine = nil
		}
	}
}

// writeStartup writes our steps, and keeps the one that the mirror adds to the same start.
func (v view) writeStartup(s *app.AppStatus) {
	ours := v.machine.startup
	if ours.StartedAt.IsZero() {
		return // this daemon has not started anything
	}
	next := ours.DeepCopy()
	if s.Startup != nil && s.Startup.StartedAt.Equal(&ours.StartedAt) {
		for _, step := range s.Startup.Steps {
			if step.Name == app.StepReadingContainers {
				next.Steps = append(next.Steps, step)
			}
		}
	}
	s.Startup = next
}

// writeFailure explains what failed, until the next start.
func (v view) writeFailure(s *app.AppStatus) {
	const most = 20
	f := v.machine.failure
	switch {
	case f != nil:
		tail := f.LogTail[max(0, len(f.LogTail)-most):]
		s.Failure = &app.FailureStatus{
			Message: f.Message, Hint: f.Hint, LogTail: append([]string(nil), tail...),
			At: metav1.NewTime(v.machine.failedAt.Truncate(time.Second)),
		}
	case v.machine.phase == starting, v.machine.phase == up:
		s.Failure = nil
	}
}

// sentence is a failure in one line: what happened, and what to do.
func sentence(f *vm.Failure) string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + " " + f.Hint
}
