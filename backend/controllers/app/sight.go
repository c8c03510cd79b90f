package app

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/vm"
)

// wish is what one generation of App wants. Two are the same wish if they are equal.
type wish struct {
	uid        types.UID // an App that was deleted and made anew counts from 1 again
	generation int64
	running    bool
	ending     bool // it should run, but the daemon ends
	engine     app.ContainerEngine
	shape      shape
}

func wishOf(a *app.App, ending bool) wish {
	return wish{
		uid: a.UID, generation: a.Generation, engine: a.Spec.ContainerEngine, shape: shapeOf(a.Spec),
		running: a.Spec.Running && !ending, ending: a.Spec.Running && ending,
	}
}

// shape is what the machine of provider lima is to be like, in a form that can be compared; empty for the others, which
// it does not touch.
type shape string

func shapeOf(s app.AppSpec) shape {
	if s.ContainerEngine.Provider != app.ProviderLima {
		return ""
	}
	text, err := json.Marshal(s.VM)
	if err != nil {
		return "" // it came as JSON
	}
	return shape(text)
}

func (s shape) vm() (v app.VM) {
	_ = json.Unmarshal([]byte(s), &v) // shapeOf wrote it, or there is none
	return v
}

// house is what makes two machines different ones: the one is stopped before the other is started. Which engine's name
// is shown does not.
type house struct {
	provider app.Provider
	host     string
	shape    shape
}

func houseOf(w wish) house {
	h := house{provider: w.engine.Provider, shape: w.shape}
	if w.engine.Provider == app.ProviderHost {
		h.host = w.engine.Host
	}
	return h
}

// phase is where a machine is, as far as we know.
type phase string

const (
	unseen   phase = "" // nobody has looked yet
	looking  phase = "looking"
	found    phase = "found" // up, left so by an earlier daemon; nobody has taken it over
	down     phase = "down"
	starting phase = "starting"
	up       phase = "up"
	stopping phase = "stopping"
	crashed  phase = "crashed" // it went down, or did not come up again after that, and nobody asked for it
)

// order is what the machine can be told to do.
type order string

const (
	nothing order = ""
	look    order = "look"
	start   order = "start"
	stop    order = "stop"
	abandon order = "abandon" // the start that is on its way
)

// trouble is what the failure in a sight is about.
type trouble string

const (
	none        trouble = ""
	createFails trouble = "create"
	startFails  trouble = "start"
	stopFails   trouble = "stop"
	crash       trouble = "crash"
)

// sight is what is known of the machine at one moment. It is a value: its methods return the next one.
type sight struct {
	phase     phase
	wish      wish // that the last order was given for
	created   bool
	abandoned bool // the start that is on its way is not wanted any more
	endpoint  string
	warning   string // of a machine that is up
	upSince   time.Time
	restarts  int // ordered since the machine last stood for a while
	trouble   trouble
	failure   *vm.Failure
	failedAt  time.Time
	startup   app.StartupStatus
}

// ordered is the sight once o was given for w. Nothing has been done yet.
func (s sight) ordered(o order, w wish, backoff int, now time.Time) sight {
	switch o {
	case look:
		s.phase, s.wish = looking, w
	case abandon:
		s.abandoned = true
	case stop:
		s.phase, s.wish, s.trouble, s.failure = stopping, w, none, nil
	case start:
		if s.phase == crashed && s.restarts < backoff {
			s.restarts++
		} else {
			s.restarts = 0 // the user asked for it
		}
		if s.wish.engine.Provider != w.engine.Provider || houseOf(s.wish).host != houseOf(w).host {
			s.created = false
		}
		s.phase, s.wish, s.abandoned, s.endpoint, s.trouble, s.failure = starting, w, false, "", none, nil
		s.startup = app.StartupStatus{StartedAt: micro(now)}
	}
	return s
}

// stepped is the sight after a start has told how far it is.
func (s sight) stepped(step vm.Step) sight {
	steps := append([]app.StartupStep(nil), s.startup.Steps...)
	if last := len(steps) - 1; last >= 0 && steps[last].Name == step.Name {
		steps[last].Message = step.Message
		s.startup.Steps = steps
		return s
	}
	s.startup.Steps = append(endStep(steps, app.StepDone, step.At),
		app.StartupStep{Name: step.Name, State: app.StepActive, StartedAt: micro(step.At), Message: step.Message})
	return s
}

// endStep ends the last step, if it is still active. It may change steps.
func endStep(steps []app.StartupStep, as app.StepState, at time.Time) []app.StartupStep {
	if last := len(steps) - 1; last >= 0 && steps[last].State == app.StepActive {
		ended := micro(at)
		steps[last].State, steps[last].FinishedAt = as, &ended
	}
	return steps
}

// started is the sight after a start that went well.
func (s sight) started(endpoint string, now time.Time) sight {
	s.phase, s.created, s.abandoned, s.endpoint, s.warning, s.upSince = up, true, false, endpoint, "", now
	s.startup.Steps = endStep(append([]app.StartupStep(nil), s.startup.Steps...), app.StepDone, now)
	return s
}

// notStarted is the sight after a start that ended otherwise. f is nil if that is what was wanted.
func (s sight) notStarted(t trouble, f *vm.Failure, now time.Time) sight {
	s.phase, s.abandoned, s.endpoint = down, false, ""
	s.startup.Steps = endStep(append([]app.StartupStep(nil), s.startup.Steps...), app.StepFailed, now)
	if f == nil {
		return s
	}
	s.trouble, s.failure, s.failedAt = t, f, now
	if s.restarts > 0 {
		s.phase = crashed
	}
	return s
}

// looked is the sight after a look at a machine that nobody has touched yet.
func (s sight) looked(state vm.State) sight {
	s.created = state.Phase != vm.Absent && state.Phase != ""
	s.phase = down
	switch state.Phase {
	case vm.Running, vm.Starting, vm.Crashed: // of one that crashed something may be left
		s.phase = found
	}
	return s
}

// stopped is the sight after a stop that went well.
func (s sight) stopped() sight {
	s.phase, s.endpoint, s.restarts = down, "", 0
	return s
}

// notStopped is the sight after a stop that failed: the machine still runs.
func (s sight) notStopped(f *vm.Failure, now time.Time) sight {
	s.phase, s.trouble, s.failure, s.failedAt = up, stopFails, f, now
	return s
}

// observed is the sight after the driver has told what it sees. A driver may be behind: only a machine that was left
// up can crash.
func (s sight) observed(state vm.State, stable time.Duration, now time.Time) sight {
	if s.phase != up {
		return s
	}
	switch state.Phase {
	case vm.Running:
		if state.Endpoint != "" {
			s.endpoint = state.Endpoint
		}
		s.warning = state.Warning
	case vm.Crashed, vm.Stopped, vm.Absent:
		f := state.Failure
		if f == nil {
			f = &vm.Failure{Message: "Docker was stopped from outside of Berth."}
		}
		if now.Sub(s.upSince) >= stable {
			s.restarts = 0
		}
		s.phase, s.endpoint, s.trouble, s.failure, s.failedAt = crashed, "", crash, f, now
	}
	return s
}

// rests says whether nothing is being done to the machine.
func (s sight) rests() bool { return s.phase != looking && s.phase != starting && s.phase != stopping }

// micro is t as precise as the API keeps it: a finer time would differ from its own copy.
func micro(t time.Time) metav1.MicroTime { return metav1.NewMicroTime(t.Truncate(time.Microsecond)) }
