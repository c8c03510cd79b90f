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

func TestStopWaitsForTheMirrorThenSettles(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		began := time.Now()
		g := w.want(down)
		a := w.until(g, appv1.ConditionRunning, appv1.ReasonStopping)
		w.is(a, appv1.ConditionRunning, metav1.ConditionTrue, appv1.ReasonStopping)
		a = w.settled(g)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v, and the driver took a second", took)
		}
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopped)
		if a.Status.Engine != nil {
			t.Errorf("engine = %+v, and it is stopped", a.Status.Engine)
		}
		w.called(w.native, "create", "start", "stop")
	})
}

// answer has the mirror, which is mute, say one thing for a generation.
func (w *world) answer(g int64, status metav1.ConditionStatus, reason string) {
	w.t.Helper()
	_, err := w.apps.UpdateStatus(context.Background(), key(), func(a *appv1.App) error {
		condition.Set(&a.Status.Conditions, metav1.Condition{
			Type: appv1.ConditionContainerEngineReady, Status: status, Reason: reason, ObservedGeneration: g,
		}, time.Now())
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

func TestWhatTheMirrorSaidOfAnEarlierGenerationCountsForNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
		w.answer(g-1, metav1.ConditionTrue, appv1.ReasonConnected)
		a := w.until(g, appv1.ConditionSettled, appv1.ReasonSettling)
		w.is(a, appv1.ConditionContainerEngineReady, metav1.ConditionTrue, appv1.ReasonConnected)
		w.answer(g, metav1.ConditionTrue, appv1.ReasonConnected)
		w.settled(g)

		g = w.want(down)
		synctest.Wait()
		w.answer(g-1, metav1.ConditionFalse, appv1.ReasonStopped)
		w.called(w.native, "create", "start")
		w.answer(g, metav1.ConditionFalse, appv1.ReasonStopped)
		w.called(w.native, "create", "start", "stop")
		w.settled(g)
	}, withoutMirror)
}

func TestStopDoesNotWaitForeverForTheMirror(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
		began := time.Now()
		w.settled(w.want(down))
		if took := time.Since(began); took != w.timing.Release+time.Second {
			t.Errorf("it took %v, want the 10 s for the mirror and the second for the driver", took)
		}
	}, withoutMirror)
}

func TestStopWhileStartingCancelsTheStart(t *testing.T) {
	inWorld(t, func(w *world) {
		w.native.start = func(ctx context.Context, _ func(vm.Step)) error { return pass(ctx, 5*time.Minute) }
		w.want(up)
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		began := time.Now()
		a := w.settled(w.want(down))
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %v to cancel", took)
		}
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopped)
		if a.Status.Failure != nil {
			t.Errorf("failure = %+v, and it was cancelled", a.Status.Failure)
		}
		w.called(w.native, "create", "start")
	})
}

// A start that was to take over an engine leaves it running when it is cancelled, and the driver's watch has nothing new
// to say of it.
func TestCancelledTakeoverStopsWhatItLeft(t *testing.T) {
	inWorld(t, func(w *world) {
		w.native.start = func(ctx context.Context, _ func(vm.Step)) error {
			w.native.mu.Lock()
			w.native.state = vm.State{Phase: vm.Running, Endpoint: "unix:///native"}
			w.native.mu.Unlock()
			return pass(ctx, 5*time.Minute)
		}
		w.want(up)
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		a := w.settled(w.want(down))
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopped)
		w.called(w.native, "create", "start", "stop")
	})
}

func TestStartThatCannotBeCancelledInTimeIsStopped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.native.start = func(context.Context, func(vm.Step)) error { return pass(context.Background(), 3*time.Second) }
		w.want(up)
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		g := w.want(down)
		a := w.until(g, appv1.ConditionRunning, appv1.ReasonStopping)
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopping)
		w.settled(g)
		w.called(w.native, "create", "start", "stop")
	})
}

func TestStartWhileStoppingWaitsForTheStop(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		w.native.stop = func(ctx context.Context) error { return pass(ctx, 30*time.Second) }
		g := w.want(down)
		w.until(g, appv1.ConditionRunning, appv1.ReasonStopping)
		synctest.Wait()
		began := time.Now()
		g = w.want(up)
		time.Sleep(15 * time.Second) //nolint:forbidigo // in a bubble: half of the stop
		w.called(w.native, "create", "start", "stop")
		w.settled(g)
		if took := time.Since(began); took != 31*time.Second {
			t.Errorf("it took %v, want the stop's 30 s and the start's second", took)
		}
		w.called(w.native, "create", "start", "stop", "create", "start")
	})
}

func TestWishThatIsTakenBackBeforeTheStopHasBegunCostsNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
		g = w.want(down)
		w.until(g, appv1.ConditionRunning, appv1.ReasonStopping)
		time.Sleep(5 * time.Second) //nolint:forbidigo // in a bubble: the mirror does not answer
		g = w.want(up)
		w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called(w.native, "create", "start")
	}, withoutMirror)
}

func TestFailureOfAStopIsExplained(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		w.native.stop = func(context.Context) error {
			return &vm.Failure{Message: "Docker does not end.", Hint: "Restart the computer."}
		}
		g := w.want(down)
		a := w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
		w.is(a, appv1.ConditionRunning, metav1.ConditionTrue, appv1.ReasonStopFailed)
		if a.Status.Failure == nil || a.Status.Failure.Hint != "Restart the computer." {
			t.Errorf("failure = %+v", a.Status.Failure)
		}
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called(w.native, "create", "start", "stop")

		g = w.want(up) // it is up: nothing is to be done
		w.settled(g)
		w.native.stop = nil
		w.settled(w.want(down))
		w.called(w.native, "create", "start", "stop", "stop")
	})
}

func TestStopThatSaysNoButIsDownIsAStop(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		w.native.stop = func(context.Context) error {
			w.native.is(vm.State{Phase: vm.Stopped})
			return errors.New("too late")
		}
		a := w.settled(w.want(down))
		w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopped)
	})
}
