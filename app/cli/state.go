package cli

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
)

// The states of the engine, as a user names them.
const (
	stateStopped      = "stopped"
	stateStarting     = "starting"
	stateRunning      = "running"
	stateStopping     = "stopping"
	stateReconnecting = "reconnecting"
	stateFailed       = "failed"
)

// state is what the engine is like now.
type state struct {
	Name string `json:"name"`
	// Message says more, unless all is well.
	Message string `json:"message,omitempty"`
	// Hint is the next thing to do, where something is wrong.
	Hint string `json:"hint,omitempty"`
}

// stateOf reads the App's conditions. What they say of an earlier generation of the spec is no longer so.
func stateOf(app *appv1.App) state {
	running := conditionOf(app, appv1.ConditionRunning)
	ready := conditionOf(app, appv1.ConditionContainerEngineReady)
	settled := conditionOf(app, appv1.ConditionSettled)
	if current(app, settled) && settled.Reason == appv1.ReasonFailed {
		if f := app.Status.Failure; f != nil {
			return state{stateFailed, f.Message, f.Hint}
		}
		return state{Name: stateFailed, Message: settled.Message}
	}
	switch {
	case running.Reason == appv1.ReasonStopping:
		return state{Name: stateStopping, Message: said(app, running)}
	case !app.Spec.Running && running.Status == metav1.ConditionTrue:
		return state{Name: stateStopping}
	case !app.Spec.Running:
		return state{Name: stateStopped}
	case current(app, settled) && settled.Status == metav1.ConditionTrue:
		if ready.Reason == appv1.ReasonNotApplicable {
			return state{Name: stateRunning, Message: ready.Message}
		}
		return state{Name: stateRunning}
	case ready.Reason == appv1.ReasonReconnecting:
		return state{Name: stateReconnecting, Message: ready.Message}
	case running.Status != metav1.ConditionTrue:
		return state{Name: stateStarting, Message: activeStep(app, said(app, running))}
	default:
		return state{Name: stateStarting, Message: activeStep(app, said(app, ready))}
	}
}

// said is what a condition says of the spec as it is now.
func said(app *appv1.App, c metav1.Condition) string {
	if !current(app, c) {
		return ""
	}
	return c.Message
}

func conditionOf(app *appv1.App, kind string) metav1.Condition {
	return condition.Get(app.Status.Conditions, kind)
}

// current says whether a condition is there and speaks of the spec as it is now.
func current(app *appv1.App, c metav1.Condition) bool {
	return c.Status != "" && c.ObservedGeneration >= app.Generation
}

// activeStep names what a start is doing, or gives otherwise.
func activeStep(app *appv1.App, otherwise string) string {
	if app.Status.Startup == nil {
		return otherwise
	}
	for _, s := range app.Status.Startup.Steps {
		if s.State == appv1.StepActive {
			return s.Name
		}
	}
	return otherwise
}
