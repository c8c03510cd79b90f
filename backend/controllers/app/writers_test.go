package app_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/vm"
)

// In real time, so that the writers meet.
func TestWritersOfAppDoNotLoseEachOthersWords(t *testing.T) {
	const rounds = 100
	api := apitest.New(t)
	w := newWorld(t, api.Apps())
	mirrored := make(chan struct{})
	w.native.start = func(_ context.Context, report func(vm.Step)) error {
		for i := range rounds {
			report(vm.Step{Name: "Starting Docker", Message: strconv.Itoa(i), At: time.Now()})
		}
		<-mirrored
		return nil
	}
	w.run()
	g := w.want(up)
	w.until(g, appv1.ConditionRunning, appv1.ReasonStarting)
	for i := range rounds {
		_, err := w.apps.UpdateStatus(t.Context(), key(), func(a *appv1.App) error {
			condition.Set(&a.Status.Conditions, metav1.Condition{
				Type: appv1.ConditionContainerEngineReady, Status: metav1.ConditionFalse, Reason: appv1.ReasonConnecting,
				Message: strconv.Itoa(i), ObservedGeneration: g,
			}, time.Now())
			step := appv1.StartupStep{Name: appv1.StepReadingContainers, State: appv1.StepActive, StartedAt: metav1.NowMicro(), Message: strconv.Itoa(i)}
			for j := range a.Status.Startup.Steps {
				if a.Status.Startup.Steps[j].Name == step.Name {
					a.Status.Startup.Steps[j] = step
					return nil
				}
			}
			a.Status.Startup.Steps = append(a.Status.Startup.Steps, step)
			return nil
		})
		if err != nil {
			t.Fatalf("the mirror's write %d: %v", i, err)
		}
	}
	close(mirrored)
	a := w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
	last := strconv.Itoa(rounds - 1)
	if c := condition.Get(a.Status.Conditions, appv1.ConditionContainerEngineReady); c.Message != last {
		t.Errorf("the mirror's condition says %q, want %q", c.Message, last)
	}
	steps := a.Status.Startup.Steps
	if len(steps) != 2 {
		t.Fatalf("steps are %+v, want the driver's and the mirror's", steps)
	}
	if s := steps[1]; s.Name != appv1.StepReadingContainers || s.Message != last {
		t.Errorf("the mirror's step is %+v", s)
	}
	if s := steps[0]; s.Message != last || s.State != appv1.StepDone {
		t.Errorf("the driver's step is %+v", s)
	}
}
