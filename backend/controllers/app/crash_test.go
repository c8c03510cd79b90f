package app_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/vm"
)

func TestCrashedMachineIsRevived(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.settled(g)
		began := time.Now()
		w.native.crash()
		a := w.until(g, appv1.ConditionRunning, appv1.ReasonCrashed)
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonCrashed)
		w.is(a, appv1.ConditionSettled, metav1.ConditionFalse, appv1.ReasonSettling)
		if f := a.Status.Failure; f == nil || f.Message != "Docker ended by itself." || len(f.LogTail) != 1 {
			t.Errorf("failure = %+v", f)
		}
		a = w.settled(g)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("it took %v, want a second of back-off and the driver's", took)
		}
		if a.Status.Failure != nil {
			t.Errorf("failure = %+v, and it is up again", a.Status.Failure)
		}
		w.called(w.native, "create", "start", "create", "start")
	})
}

func TestWhatWorksLessWellIsSaidWhileItDoes(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.settled(g)
		w.native.is(vm.State{Phase: vm.Running, Endpoint: "unix:///native", Warning: "Port 80 is taken."})
		a := w.until(g, appv1.ConditionDegraded, appv1.ReasonWarning)
		if c := condition.Get(a.Status.Conditions, appv1.ConditionDegraded); c.Status != metav1.ConditionTrue || c.Message != "Port 80 is taken." {
			t.Errorf("the condition is %+v", c)
		}
		w.is(a, appv1.ConditionSettled, metav1.ConditionTrue, appv1.ReasonSettled)
		if a := w.settled(w.want(down)); condition.Get(a.Status.Conditions, appv1.ConditionDegraded).Status != "" {
			t.Error("a machine that is down still warns")
		}
	})
}

func TestMachineThatCrashesAgainAndAgainIsGivenUp(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.settled(g)
		for _, wait := range w.timing.Backoff {
			began := time.Now()
			w.native.crash()
			w.until(g, appv1.ConditionRunning, appv1.ReasonCrashed)
			w.settled(g)
			if took := time.Since(began); took != wait+time.Second {
				t.Errorf("it was up again after %v, want a back-off of %v and the driver's second", took, wait)
			}
		}
		w.native.crash()
		a := w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonCrashed)
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called(w.native, "create", "start", "create", "start", "create", "start", "create", "start")

		w.want(down)
		w.settled(w.want(up)) // the user tries again
	})
}

func TestMachineThatStoodForAWhileHasItsCrashesForgotten(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.settled(g)
		for range 10 {
			time.Sleep(w.timing.Stable) //nolint:forbidigo // in a bubble
			began := time.Now()
			w.native.crash()
			w.until(g, appv1.ConditionRunning, appv1.ReasonCrashed)
			w.settled(g)
			if took := time.Since(began); took != 2*time.Second {
				t.Errorf("it took %v, want the shortest back-off", took)
			}
		}
	})
}

func TestRestartThatFailsCountsAsACrash(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.settled(g)
		w.native.start = func(context.Context, func(vm.Step)) error {
			return &vm.Failure{Message: "The disk is full.", Hint: "Make room."}
		}
		began := time.Now()
		w.native.crash()
		a := w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
		if took := time.Since(began); took != 7*time.Second {
			t.Errorf("it was given up after %v, want 1 + 2 + 4 s", took)
		}
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStartFailed)
		if c := condition.Get(a.Status.Conditions, appv1.ConditionSettled); c.Message != "The disk is full. Make room." {
			t.Errorf("Settled says %q", c.Message)
		}
		w.called(w.native, "create", "start", "create", "start", "create", "start", "create", "start")
	})
}

func TestStopOfACrashedMachineEndsTheRevival(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.settled(g)
		w.native.crash()
		w.until(g, appv1.ConditionRunning, appv1.ReasonCrashed)
		a := w.settled(w.want(down))
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopped)
		if a.Status.Failure == nil {
			t.Error("the failure is to be read until the next start")
		}
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called(w.native, "create", "start", "stop")
	})
}

func TestMachineThatSomebodyElseStoppedIsRevived(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.settled(g)
		w.native.is(vm.State{Phase: vm.Stopped})
		a := w.until(g, appv1.ConditionRunning, appv1.ReasonCrashed)
		if a.Status.Failure == nil || a.Status.Failure.Message != "Docker was stopped from outside of Berth." {
			t.Errorf("failure = %+v", a.Status.Failure)
		}
		w.settled(g)
	})
}

func TestOtherProviderStopsTheOneAndStartsTheOther(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		g := w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Provider = appv1.ProviderHost })
		a := w.until(g, appv1.ConditionRunning, appv1.ReasonStopping)
		w.is(a, appv1.ConditionSettled, metav1.ConditionFalse, appv1.ReasonSettling)
		a = w.settled(g)
		if a.Status.Engine.Endpoint != "unix:///host" {
			t.Errorf("engine = %+v", a.Status.Engine)
		}
		w.called(w.native, "create", "start", "stop")
		w.called(w.host, "create", "start")

		g = w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Host = "other" })
		w.settled(g)
		w.called(w.host, "create", "start", "stop", "create", "start")
	})
}

func TestOtherProviderWhileStartingCancelsTheStart(t *testing.T) {
	inWorld(t, func(w *world) {
		w.native.start = func(ctx context.Context, _ func(vm.Step)) error { return pass(ctx, 5*time.Minute) }
		w.want(up)
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		began := time.Now()
		w.settled(w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Provider = appv1.ProviderHost }))
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v, want the host's second", took)
		}
	})
}

func TestContainerdSettlesWithoutAMirror(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		g := w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Name = appv1.EngineContainerd })
		a := w.settled(g)
		w.is(a, appv1.ConditionContainerEngineReady, metav1.ConditionFalse, appv1.ReasonNotApplicable)
		w.called(w.native, "create", "start")
		w.settled(w.want(down))
	})
}

func TestEngineThatIsLostWhileTheMachineRunsUnsettles(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
		w.answer(g, metav1.ConditionTrue, appv1.ReasonConnected)
		w.settled(g)
		w.answer(g, metav1.ConditionFalse, appv1.ReasonReconnecting)
		a := w.until(g, appv1.ConditionSettled, appv1.ReasonSettling)
		w.is(a, appv1.ConditionRunning, metav1.ConditionTrue, appv1.ReasonStarted)
		w.answer(g, metav1.ConditionTrue, appv1.ReasonConnected)
		w.settled(g)
		w.called(w.native, "create", "start")
	}, withoutMirror)
}

func TestDeletedAppIsMadeAnewAndStopsWhatRan(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.settled(w.want(up))
		if err := w.apps.Delete(t.Context(), key()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		a := w.settled(1)
		if a.UID == before.UID || a.Spec.Running {
			t.Errorf("App %s running=%v, want a new one that is stopped", a.UID, a.Spec.Running)
		}
		w.called(w.native, "create", "start", "stop")
	})
}

func TestAppThatIsDeletedDuringAStartIsNoError(t *testing.T) {
	inWorld(t, func(w *world) {
		w.native.start = func(ctx context.Context, report func(vm.Step)) error {
			if err := w.apps.Delete(ctx, key()); err != nil {
				return err
			}
			report(vm.Step{Name: "Starting Docker", At: time.Now()})
			return errors.New("no")
		}
		w.want(up)
		synctest.Wait()
		w.native.start = nil
		w.settled(1)
		w.settled(w.want(up))
	})
}

func TestDaemonThatEndsStopsTheEngineAndKeepsTheWish(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		w.stop()
		w.called(w.native, "create", "start", "stop")
		a, err := w.apps.Get(t.Context(), key())
		if err != nil {
			t.Fatal(err)
		}
		if !a.Spec.Running || a.Status.Engine != nil {
			t.Errorf("App is %+v / %+v, want the wish and no engine", a.Spec, a.Status)
		}
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopped)
		w.is(a, appv1.ConditionContainerEngineReady, metav1.ConditionFalse, appv1.ReasonStopped)
		w.is(a, appv1.ConditionSettled, metav1.ConditionFalse, appv1.ReasonSettling)
		w.run()
		w.settled(a.Generation)
		w.called(w.native, "create", "start", "stop", "create", "start")
	})
}

func TestNextDaemonTakesNothingForTrueThatTheLastOneSaid(t *testing.T) {
	tests := map[string]struct {
		change func(*appv1.AppSpec)
		calls  []string
	}{
		"wanted":     {up, []string{"create", "start", "create", "start"}}, // the driver takes it over
		"not wanted": {down, []string{"create", "start", "stop"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.settled(w.want(up))
				left, err := w.apps.Get(t.Context(), key())
				if err != nil {
					t.Fatal(err)
				}
				// What a daemon leaves that was killed: its last words, and an engine that runs.
				w.native.stop = func(context.Context) error { return errors.New("killed") }
				w.stop()
				w.native.calls, w.native.stop = []string{"create", "start"}, nil
				w.want(tt.change)
				if _, err := w.apps.UpdateStatus(t.Context(), key(), func(a *appv1.App) error {
					a.Status = left.Status
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				w.run()
				a, err := w.apps.Get(t.Context(), key())
				if err != nil {
					t.Fatal(err)
				}
				if c := condition.Get(a.Status.Conditions, appv1.ConditionSettled); c.Status == metav1.ConditionTrue {
					t.Error("App is settled before anybody has looked")
				}
				w.settled(a.Generation)
				w.called(w.native, tt.calls...)
			})
		})
	}
}
