package cli

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

func because(kind string, status metav1.ConditionStatus, reason string, generation int64) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, ObservedGeneration: generation, Message: reason + " says more"}
}

func TestStateIsWhatTheConditionsSayOfThisGeneration(t *testing.T) {
	const no, yes = metav1.ConditionFalse, metav1.ConditionTrue
	up := because(appv1.ConditionRunning, yes, appv1.ReasonStarted, 3)
	connected := because(appv1.ConditionContainerEngineReady, yes, appv1.ReasonConnected, 3)
	for name, c := range map[string]struct {
		running    bool
		conditions []metav1.Condition
		failure    *appv1.FailureStatus
		want       state
	}{
		"a new one":    {false, nil, nil, state{Name: stateStopped}},
		"just asked":   {true, nil, nil, state{Name: stateStarting}},
		"all is well":  {true, []metav1.Condition{up, connected, because(appv1.ConditionSettled, yes, appv1.ReasonSettled, 3)}, nil, state{Name: stateRunning}},
		"not shown":    {true, []metav1.Condition{up, because(appv1.ConditionContainerEngineReady, no, appv1.ReasonNotApplicable, 3), because(appv1.ConditionSettled, yes, appv1.ReasonSettled, 3)}, nil, state{Name: stateRunning, Message: "NotApplicable says more"}},
		"a stale yes":  {true, []metav1.Condition{because(appv1.ConditionRunning, no, appv1.ReasonStopped, 2), because(appv1.ConditionSettled, yes, appv1.ReasonSettled, 2)}, nil, state{Name: stateStarting}},
		"connecting":   {true, []metav1.Condition{up, because(appv1.ConditionContainerEngineReady, no, appv1.ReasonConnecting, 3)}, nil, state{Name: stateStarting, Message: "Connecting says more"}},
		"lost":         {true, []metav1.Condition{up, because(appv1.ConditionContainerEngineReady, no, appv1.ReasonReconnecting, 3)}, nil, state{Name: stateReconnecting, Message: "Reconnecting says more"}},
		"stopping":     {false, []metav1.Condition{because(appv1.ConditionRunning, yes, appv1.ReasonStopping, 3)}, nil, state{Name: stateStopping, Message: "Stopping says more"}},
		"about to":     {false, []metav1.Condition{up}, nil, state{Name: stateStopping}},
		"stopped":      {false, []metav1.Condition{because(appv1.ConditionRunning, no, appv1.ReasonStopped, 3)}, nil, state{Name: stateStopped}},
		"failed":       {true, []metav1.Condition{because(appv1.ConditionSettled, no, appv1.ReasonFailed, 3)}, &appv1.FailureStatus{Message: "No disk.", Hint: "Free some."}, state{stateFailed, "No disk.", "Free some."}},
		"stale defeat": {true, []metav1.Condition{because(appv1.ConditionSettled, no, appv1.ReasonFailed, 2)}, nil, state{Name: stateStarting}},
	} {
		t.Run(name, func(t *testing.T) {
			app := &appv1.App{}
			app.Generation = 3
			app.Spec.Running = c.running
			app.Status.Conditions, app.Status.Failure = c.conditions, c.failure
			if diff := cmp.Diff(c.want, stateOf(app)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
