package tray

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

// Phase is what the icon shows.
type Phase string

// The phases. A glyph of the same name lies in assets; Stopping wears the one of Starting.
const (
	Unreachable Phase = "unreachable" // the daemon does not answer
	Stopped     Phase = "stopped"
	Starting    Phase = "starting"
	Stopping    Phase = "stopping"
	Ready       Phase = "ready"
	Attention   Phase = "attention" // the user may have to act
)

// State is all that the menu depends on.
type State struct {
	Phase Phase
	// Detail says more about the phase: a step's name, a version, what went wrong.
	Detail string
	// Since is when a start began; zero where nobody knows.
	Since time.Time
	// Lost is set in phase Attention while Berth mends it alone, so that starting again makes no sense.
	Lost bool

	// Containers that run, in the menu's order.
	Containers []Container
	// Docker is what docker uses.
	Docker DockerContext

	// Doing is what a click is about to do to the engine or to Berth, until that is done.
	Doing string
	// Busy says by ID what a click is about to do to a container, until that is done.
	Busy map[string]string
	// Failed is why the last click came to nothing, until one comes to something, or the engine is ready, or the user
	// dismisses it.
	Failed string
}

// DockerContext is docker's choice of an engine as it was last seen.
type DockerContext struct {
	// Name of Berth's context; empty while nothing is known.
	Name string
	// There says that docker has that context: it does while the engine is ready.
	There bool
	// Current is the name of the one that docker uses.
	Current string
}

// running are the containers that can be told of: of an engine that is not there, nothing is known.
func (s State) running() []Container {
	if s.Phase != Ready {
		return nil
	}
	return s.Containers
}

// follow takes over what of the App was seen.
func (s State) follow(seen State) State {
	if seen.Phase == Ready && s.Phase != Ready {
		s.Failed = ""
	}
	s.Phase, s.Detail, s.Since, s.Lost = seen.Phase, seen.Detail, seen.Since, seen.Lost
	return s
}

// Observe reads the state off the App.
func Observe(app *appv1.App) State {
	running := condition(app, appv1.ConditionRunning)
	ready := condition(app, appv1.ConditionContainerEngineReady)
	settled := condition(app, appv1.ConditionSettled)
	up := running.Status == metav1.ConditionTrue

	switch {
	case stuck(app):
		return State{Phase: Attention, Detail: reasonOf(app, settled)}
	case running.Reason == appv1.ReasonStopping, !app.Spec.Running && up:
		return State{Phase: Stopping}
	case !app.Spec.Running && running.Reason == appv1.ReasonStopFailed:
		return State{Phase: Attention, Detail: reasonOf(app, running)}
	case !app.Spec.Running:
		return State{Phase: Stopped}
	case running.Reason == appv1.ReasonCrashed:
		return State{Phase: Attention, Detail: "The engine crashed and is started again…", Lost: true}
	case up && ready.Reason == appv1.ReasonReconnecting:
		return State{Phase: Attention, Detail: "The engine does not answer, reconnecting…", Lost: true}
	case up && ready.ObservedGeneration >= app.Generation &&
		(ready.Status == metav1.ConditionTrue || ready.Reason == appv1.ReasonNotApplicable):
		return State{Phase: Ready, Detail: version(app)}
	default:
		return starting(app)
	}
}

// stuck says that what the user last wished for failed and is not tried again unless the user wishes anew.
func stuck(app *appv1.App) bool {
	settled := condition(app, appv1.ConditionSettled)
	return settled.Status == metav1.ConditionFalse && settled.Reason == appv1.ReasonFailed &&
		settled.ObservedGeneration >= app.Generation
}

func condition(app *appv1.App, kind string) metav1.Condition {
	if c := meta.FindStatusCondition(app.Status.Conditions, kind); c != nil {
		return *c
	}
	return metav1.Condition{Type: kind, Status: metav1.ConditionUnknown}
}

func reasonOf(app *appv1.App, c metav1.Condition) string {
	switch {
	case app.Status.Failure != nil && app.Status.Failure.Message != "":
		return app.Status.Failure.Message
	case c.Message != "":
		return c.Message
	default:
		return "The engine failed"
	}
}

func version(app *appv1.App) string {
	e := app.Status.Engine
	switch {
	case app.Spec.ContainerEngine.Name == appv1.EngineContainerd:
		return "containerd"
	case e == nil || e.Version == "":
		return ""
	default:
		return "Docker " + e.Version
	}
}

func starting(app *appv1.App) State {
	s := State{Phase: Starting}
	running := condition(app, appv1.ConditionRunning)
	// Until the wish is taken up, what status says of a start is about an earlier one.
	if app.Status.Startup == nil || running.ObservedGeneration < app.Generation {
		return s
	}
	s.Since = app.Status.Startup.StartedAt.Time
	for _, step := range app.Status.Startup.Steps {
		if step.State == appv1.StepActive {
			s.Detail = step.Name
		}
	}
	return s
}
