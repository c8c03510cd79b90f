package app_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/vm"
)

func TestAppIsMadeIfThereIsNone(t *testing.T) {
	inWorld(t, func(w *world) {
		a := w.settled(1)
		if diff := cmp.Diff(appv1.AppSpec{
			Namespace:       appv1.DefaultNamespace,
			ContainerEngine: appv1.ContainerEngine{Provider: appv1.ProviderNative, Name: appv1.EngineMoby},
		}, a.Spec); diff != "" {
			t.Errorf("spec (-want +got):\n%s", diff)
		}
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopped)
		w.is(a, appv1.ConditionCreated, metav1.ConditionTrue, appv1.ReasonCreated)
		w.called(w.native)
	})
}

func TestStartLeadsToSettled(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(1)
		began := time.Now()
		g := w.want(up)
		a := w.until(g, appv1.ConditionRunning, appv1.ReasonStarting)
		w.is(a, appv1.ConditionSettled, metav1.ConditionFalse, appv1.ReasonSettling)
		a = w.settled(g)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v, and the driver took a second", took)
		}
		w.is(a, appv1.ConditionCreated, metav1.ConditionTrue, appv1.ReasonCreated)
		w.is(a, appv1.ConditionRunning, metav1.ConditionTrue, appv1.ReasonStarted)
		for _, c := range a.Status.Conditions {
			if c.ObservedGeneration != g {
				t.Errorf("%s was decided on generation %d, want %d", c.Type, c.ObservedGeneration, g)
			}
		}
		if a.Status.Engine == nil || a.Status.Engine.Endpoint != "unix:///native" {
			t.Errorf("engine = %+v", a.Status.Engine)
		}
		w.called(w.native, "create", "start")
	})
}

func TestWhatIsSettledIsNotWrittenAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		synctest.Wait()
		a, err := w.apps.Get(t.Context(), key())
		if err != nil {
			t.Fatal(err)
		}
		before := a.ResourceVersion
		w.native.is(vm.State{Phase: vm.Running, Endpoint: "unix:///native"}) // the driver repeats itself
		time.Sleep(time.Hour)                                                //nolint:forbidigo // in a bubble: an hour of nothing
		synctest.Wait()
		if a, _ = w.apps.Get(t.Context(), key()); a.ResourceVersion != before {
			t.Errorf("App was written %s -> %s, and nothing had happened", before, a.ResourceVersion)
		}
	})
}

func TestStepsOfAStartAreKeptBesideTheMirrors(t *testing.T) {
	type step struct {
		Name, Message string
		State         appv1.StepState
		Ended         bool
	}
	inWorld(t, func(w *world) {
		goOn := make(chan struct{})
		w.native.start = func(_ context.Context, report func(vm.Step)) error {
			report(vm.Step{Name: "Preparing folders", At: time.Now()})
			report(vm.Step{Name: "Starting Docker", At: time.Now()})
			report(vm.Step{Name: "Starting Docker", Message: "pulls itself together", At: time.Now()})
			<-goOn
			return nil
		}
		steps := func() []step {
			synctest.Wait()
			a, err := w.apps.Get(t.Context(), key())
			if err != nil || a.Status.Startup == nil {
				t.Fatalf("no startup: %v", err)
			}
			var got []step
			for _, s := range a.Status.Startup.Steps {
				got = append(got, step{s.Name, s.Message, s.State, s.FinishedAt != nil})
			}
			return got
		}
		g := w.want(up)
		want := []step{
			{"Preparing folders", "", appv1.StepDone, true},
			{"Starting Docker", "pulls itself together", appv1.StepActive, false},
		}
		if diff := cmp.Diff(want, steps()); diff != "" {
			t.Errorf("steps on the way (-want +got):\n%s", diff)
		}
		reading := appv1.StartupStep{Name: appv1.StepReadingContainers, State: appv1.StepActive, StartedAt: metav1.NowMicro()}
		if _, err := w.apps.UpdateStatus(t.Context(), key(), func(a *appv1.App) error {
			a.Status.Startup.Steps = append(a.Status.Startup.Steps, reading)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		close(goOn)
		w.settled(g)
		want[1].State, want[1].Ended = appv1.StepDone, true
		want = append(want, step{appv1.StepReadingContainers, "", appv1.StepActive, false})
		if diff := cmp.Diff(want, steps()); diff != "" {
			t.Errorf("steps at the end (-want +got):\n%s", diff)
		}
		w.settled(w.want(down))
		g = w.want(up)
		w.settled(g)
		if diff := cmp.Diff(want[:2], steps()); diff != "" {
			t.Errorf("steps of the next start (-want +got):\n%s", diff)
		}
	})
}

func TestFailureOfAStartIsExplained(t *testing.T) {
	refused := &vm.Failure{Message: "Docker did not start.", Hint: "Read the log.", LogTail: make([]string, 30), Err: errors.New("exit status 1")}
	tests := map[string]struct {
		setUp            func(w *world)
		engine           appv1.ContainerEngine
		created          string
		message, settled string
		tail             int
	}{
		"start fails": {
			setUp:   func(w *world) { w.native.start = func(context.Context, func(vm.Step)) error { return refused } },
			created: appv1.ReasonCreated, message: "Docker did not start.", settled: "Docker did not start. Read the log.", tail: 20,
		},
		"create fails": {
			setUp:   func(w *world) { w.native.create = func(context.Context) error { return errors.New("disk full") } },
			created: appv1.ReasonCreateFailed, message: "disk full", settled: "disk full",
		},
		"no such house": {
			engine:  appv1.ContainerEngine{Provider: appv1.ProviderHost, Host: "nowhere"},
			created: appv1.ReasonPending, message: "There is no such house.", settled: "There is no such house. Choose another.",
		},
		"it takes too long": {
			setUp: func(w *world) {
				w.native.start = func(ctx context.Context, _ func(vm.Step)) error { return pass(ctx, 24*time.Hour) }
			},
			created: appv1.ReasonCreated, message: "Docker was not up after 2 minutes.",
			settled: "Docker was not up after 2 minutes. See the log for what it waits for, then try again.", tail: 20,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.setUp == nil {
				tt.setUp = func(*world) {}
			}
			inWorld(t, func(w *world) {
				g := w.want(func(s *appv1.AppSpec) {
					up(s)
					if tt.engine.Provider != "" {
						s.ContainerEngine.Provider, s.ContainerEngine.Host = tt.engine.Provider, tt.engine.Host
					}
				})
				time.Sleep(w.timing.Start) //nolint:forbidigo // in a bubble
				a := w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
				w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStartFailed)
				if c := condition.Get(a.Status.Conditions, appv1.ConditionCreated); c.Reason != tt.created {
					t.Errorf("Created is %s, want %s", c.Reason, tt.created)
				}
				if c := condition.Get(a.Status.Conditions, appv1.ConditionSettled); c.Message != tt.settled {
					t.Errorf("Settled says %q, want %q", c.Message, tt.settled)
				}
				f := a.Status.Failure
				if f == nil || f.Message != tt.message || len(f.LogTail) != tt.tail || f.At.IsZero() {
					t.Errorf("failure = %+v", f)
				}
				if a.Status.Engine != nil {
					t.Errorf("engine = %+v, and there is none", a.Status.Engine)
				}
			}, tt.setUp)
		})
	}
}

func TestFailedStartIsTriedAgainOnlyForANewGeneration(t *testing.T) {
	fail := func(w *world) {
		w.native.start = func(context.Context, func(vm.Step)) error { return errors.New("no") }
	}
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble: time enough to try again
		w.called(w.native, "create", "start")

		w.native.start = nil
		w.want(down)
		a := w.settled(w.want(up))
		if a.Status.Failure != nil {
			t.Errorf("failure = %+v after a start that went well", a.Status.Failure)
		}
		w.called(w.native, "create", "start", "create", "start")
	}, fail)
}
