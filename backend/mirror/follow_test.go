package mirror

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

func TestDecideFollowsTheMachine(t *testing.T) {
	const endpoint = "unix:///e.sock"
	cases := map[string]struct {
		running bool
		name    app.EngineName
		status  metav1.ConditionStatus
		reason  string
		want    act
	}{
		"started":                       {true, app.EngineMoby, metav1.ConditionTrue, app.ReasonStarted, actMirror},
		"starting":                      {true, app.EngineMoby, metav1.ConditionFalse, app.ReasonStarting, actKeep},
		"nothing known yet":             {true, app.EngineMoby, "", "", actKeep},
		"start failed":                  {true, app.EngineMoby, metav1.ConditionFalse, app.ReasonStartFailed, actKeep},
		"crashed":                       {true, app.EngineMoby, metav1.ConditionFalse, app.ReasonCrashed, actKeep},
		"stop is wanted":                {false, app.EngineMoby, metav1.ConditionTrue, app.ReasonStarted, actEmpty},
		"stopping for another provider": {true, app.EngineMoby, metav1.ConditionTrue, app.ReasonStopping, actEmpty},
		"stopped, about to start again": {true, app.EngineMoby, metav1.ConditionFalse, app.ReasonStopped, actEmpty},
		"without Docker":                {true, app.EngineContainerd, metav1.ConditionTrue, app.ReasonStarted, actNothing},
		"without Docker, stopping":      {true, app.EngineContainerd, metav1.ConditionTrue, app.ReasonStopping, actEmpty},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := &app.App{Spec: app.AppSpec{Running: tc.running, Namespace: "ns", ContainerEngine: app.ContainerEngine{Name: tc.name}}}
			a.Generation = 7
			a.Status.Engine = &app.EngineStatus{Endpoint: endpoint}
			if tc.reason != "" {
				a.Status.Conditions = []metav1.Condition{{Type: app.ConditionRunning, Status: tc.status, Reason: tc.reason}}
			}
			got := decide(a, "ns")
			want := wish{act: tc.want, target: target{namespace: "ns"}, generation: 7}
			if tc.want == actMirror {
				want.target.endpoint = endpoint
			}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
	if got := decide(nil, "ns"); got.act != actEmpty || got.target.namespace != "ns" {
		t.Errorf("an App that was deleted: %+v", got)
	}
}
