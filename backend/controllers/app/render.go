package app

import (
	"fmt"
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
	if m := v.machine; m.phase == up && m.warning != "" {
		set(app.ConditionDegraded, yes(app.ReasonWarning, m.warning))
	} else {
		condition.Remove(&s.Conditions, app.ConditionDegraded)
	}
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
	case v.wish.ending:
		return no(app.ReasonSettling, "Berth is ending. "+v.running().message)
	case v.unread():
		return no(app.ReasonFailed, sentence(v.silence()))
	case v.machine.phase == crashed && !v.leaves():
		return no(app.ReasonSettling, "Docker is down and is started again: "+v.machine.failure.Message)
	case !v.wish.running && v.machine.phase == down && v.released():
		return yes(app.ReasonSettled, v.running().message)
	case v.machine.phase != up || v.leaves():
		return no(app.ReasonSettling, v.running().message)
	case v.isReady() && v.wish.engine.Name == app.EngineContainerd:
		return yes(app.ReasonSettled, "containerd is ready.")
	case v.isReady():
		return yes(app.ReasonSettled, "Docker is ready.")
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
	next.MedianMillis = v.median("")
	if s.Startup != nil && s.Startup.StartedAt.Equal(&ours.StartedAt) {
		for _, step := range s.Startup.Steps {
			if step.Name == app.StepReadingContainers {
				next.Steps = append(next.Steps, step)
			}
		}
	}
	for i := range next.Steps {
		next.Steps[i].MedianMillis = v.median(next.Steps[i].Name)
	}
	s.Startup = next
}

// writeFailure explains what failed, until the next start.
func (v view) writeFailure(s *app.AppStatus) {
	switch {
	case v.machine.failure != nil:
		s.Failure = explained(v.machine.failure, v.machine.failedAt)
	case v.unread():
		at := v.waiting.Add(v.timing.Connect)
		if s.Failure != nil && s.Failure.At.Equal(&metav1.Time{Time: at.Truncate(time.Second)}) {
			s.Failure.Message = v.silence().Message // the log stays as it was when it was given up
			return
		}
		f := v.silence()
		f.LogTail = v.tail()
		s.Failure = explained(f, at)
	case v.machine.phase == starting, v.machine.phase == up:
		s.Failure = nil
	}
}

func explained(f *vm.Failure, at time.Time) *app.FailureStatus {
	const most = 20
	tail := f.LogTail[max(0, len(f.LogTail)-most):]
	return &app.FailureStatus{
		Reason: string(f.Reason), Message: f.Message, Hint: f.Hint, LogTail: append([]string(nil), tail...), At: metav1.NewTime(at.Truncate(time.Second)),
	}
}

// silence is the failure of an engine that runs and cannot be read.
func (v view) silence() *vm.Failure {
	message := "Docker runs, but Berth has not been able to read what it holds for " + lasting(v.timing.Connect) + "."
	if v.ready.Message != "" {
		message += " " + v.ready.Message
	}
	return &vm.Failure{Message: message, Hint: "Berth keeps trying. See the log, or restart Docker: berth restart"}
}

// lasting is a duration as people say it.
func lasting(d time.Duration) string {
	switch {
	case d == time.Minute:
		return "a minute"
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	default:
		return fmt.Sprintf("%d seconds", (d+time.Second-1)/time.Second)
	}
}

// sentence is a failure in one line: what happened, and what to do.
func sentence(f *vm.Failure) string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + " " + f.Hint
}
