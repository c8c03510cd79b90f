package container_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestActionIsCarriedOutOnce(t *testing.T) {
	for _, a := range []containers.Action{
		containers.ActionStart, containers.ActionStop, containers.ActionRestart,
		containers.ActionPause, containers.ActionUnpause, containers.ActionKill,
	} {
		t.Run(string(a), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.add("a", containers.StateRunning)
				w.ask("a", a)
				w.called(string(a) + " a")
				w.outcome("a", a, containers.ActionSucceeded, "")
				w.mirror("a", func(s *containers.ContainerStatus) { s.Status = containers.StateExited })
				w.called()
				w.ask("a", a)
				w.called(string(a) + " a")
				if n := w.asked(); n != 0 {
					t.Errorf("the engine was asked %d times what it does not need to be asked", n)
				}
			})
		})
	}
}

func TestActionThatHasNothingToDoSucceeds(t *testing.T) {
	conflict := fmt.Errorf("no: %w", engine.ErrConflict)
	tests := []struct {
		action containers.Action
		state  containers.State
		words  string
	}{
		{containers.ActionPause, containers.StatePaused, ""},
		{containers.ActionUnpause, containers.StateRunning, ""},
		{containers.ActionKill, containers.StateExited, ""},
		{containers.ActionKill, containers.StateCreated, ""},
		{containers.ActionStart, containers.StateRunning, ""},
		{containers.ActionStop, containers.StateDead, ""},
		{containers.ActionStart, containers.StatePaused, "No: " + engine.ErrConflict.Error()},
		{containers.ActionPause, containers.StateExited, "No: " + engine.ErrConflict.Error()},
		{containers.ActionUnpause, containers.StateExited, "No: " + engine.ErrConflict.Error()},
		{containers.ActionStop, containers.StateRemoving, "No: " + engine.ErrConflict.Error()},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s while %s", tt.action, tt.state), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.add("a", tt.state)
				w.docker.fail[string(tt.action)+" a"] = conflict
				w.ask("a", tt.action)
				state := containers.ActionSucceeded
				if tt.words != "" {
					state = containers.ActionFailed
				}
				w.outcome("a", tt.action, state, tt.words)
			})
		})
	}
}

func TestActionIsRefusedWhileTheEngineIsAway(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateExited)
		w.engineIsAway()
		w.ask("a", containers.ActionStart)
		w.outcome("a", containers.ActionStart, containers.ActionFailed, away)
		w.engineIsBack()
		w.called() // it was refused, and not put off
	})
}

func TestFailureOfAnActionIsShown(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateCreated)
		w.docker.fail["start a"] = fmt.Errorf(`start container a: exec: "nope": executable file not found in $PATH`)
		w.ask("a", containers.ActionStart)
		w.outcome("a", containers.ActionStart, containers.ActionFailed, `Start container a: exec: "nope": executable file not found in $PATH`)
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble: it is not tried again
		w.called("start a")
	})
}

func TestActionIsPendingWhileItRuns(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.docker.slow["stop a"] = func(ctx context.Context) error { return pass(ctx, 10*time.Second) }
		w.ask("a", containers.ActionStop)
		w.outcome("a", containers.ActionStop, containers.ActionPending, "")
		time.Sleep(10 * time.Second) //nolint:forbidigo // in a bubble
		w.outcome("a", containers.ActionStop, containers.ActionSucceeded, "")
		if diff := cmp.Diff(map[string]string{"other": "stays"}, w.get("a").Annotations); diff != "" {
			t.Errorf("annotations (-want +got):\n%s", diff)
		}
	})
}

func TestEngineThatDoesNotAnswerIsNotWaitedForForever(t *testing.T) {
	for a, limit := range map[containers.Action]time.Duration{containers.ActionPause: time.Minute, containers.ActionStop: 10 * time.Minute} {
		t.Run(string(a), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.add("a", containers.StateRunning)
				w.docker.slow[string(a)+" a"] = forever
				w.ask("a", a)
				time.Sleep(limit) //nolint:forbidigo // in a bubble
				w.outcome("a", a, containers.ActionFailed, fmt.Sprintf("The engine has not answered for %s: it may still do it", limit))
			})
		})
	}
}

// A half-open engine never answers; the mirror's heartbeat finds that out within seconds.
func TestStopEndsWithTheEngineThatItWaitsFor(t *testing.T) {
	t.Run("asked for", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.add("a", containers.StateRunning)
			w.docker.slow["stop a"] = forever
			w.ask("a", containers.ActionStop)
			w.outcome("a", containers.ActionStop, containers.ActionPending, "")
			w.engineIsAway()
			time.Sleep(2 * time.Second) //nolint:forbidigo // in a bubble
			w.outcome("a", containers.ActionStop, containers.ActionFailed, "The engine was lost meanwhile, and may still do it: "+away)
		})
	})
	t.Run("wished for, and tried again", func(t *testing.T) {
		inWorld(t, func(w *world) {
			w.add("a", containers.StateRunning)
			w.docker.slow["stop a"] = forever
			w.wish("a", containers.DesiredCreated)
			synctest.Wait()
			w.engineIsAway()
			time.Sleep(2 * time.Second) //nolint:forbidigo // in a bubble
			w.outcome("a", containers.ActionStop, containers.ActionFailed, away)
			w.docker.set(func() { delete(w.docker.slow, "stop a") })
			w.engineIsBack()
			w.outcome("a", containers.ActionStop, containers.ActionSucceeded, "")
		})
	})
}

func TestSlowStopDelaysNoOtherContainer(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("slow", containers.StateRunning)
		w.docker.slow["stop slow"] = func(ctx context.Context) error { return pass(ctx, time.Minute) }
		w.ask("slow", containers.ActionStop)
		synctest.Wait()
		for i := range 20 {
			name := fmt.Sprintf("c%d", i)
			w.add(name, containers.StateExited)
			w.ask(name, containers.ActionStart)
			w.outcome(name, containers.ActionStart, containers.ActionSucceeded, "")
		}
		w.outcome("slow", containers.ActionStop, containers.ActionPending, "")
	})
}

func TestActionsOfOneContainerFollowOneAnother(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.docker.slow["stop a"] = func(ctx context.Context) error { return pass(ctx, 10*time.Second) }
		w.ask("a", containers.ActionStop)
		synctest.Wait()
		w.ask("a", containers.ActionStart) // the user has changed his mind
		w.called("stop a")
		time.Sleep(10 * time.Second) //nolint:forbidigo // in a bubble
		w.called("start a")
		w.outcome("a", containers.ActionStart, containers.ActionSucceeded, "")
	})
}

func TestKillDoesNotWaitForASlowStop(t *testing.T) {
	tests := map[string]func(w *world){
		"that was an action": func(w *world) { w.ask("a", containers.ActionStop) },
		"that was a wish":    func(w *world) { w.wish("a", containers.DesiredCreated) },
	}
	for name, stop := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.add("a", containers.StateRunning)
				w.docker.slow["stop a"] = func(ctx context.Context) error { return pass(ctx, 10*time.Second) }
				stop(w)
				w.called("stop a")
				w.ask("a", containers.ActionKill)
				w.called("kill a")
				w.outcome("a", containers.ActionKill, containers.ActionSucceeded, "")
				time.Sleep(10 * time.Second) //nolint:forbidigo // in a bubble: the stop ends as well
				w.called()
				w.outcome("a", containers.ActionKill, containers.ActionSucceeded, "") // and does not speak last
				if c := w.get("a"); c.Spec.State == containers.DesiredCreated && c.Status.ObservedGeneration != c.Generation {
					t.Errorf("generation %d is carried out, want %d", c.Status.ObservedGeneration, c.Generation)
				}
			})
		})
	}
}

func TestDeleteDoesNotWaitForASlowStop(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.docker.slow["stop a"] = func(ctx context.Context) error { return pass(ctx, 10*time.Second) }
		w.ask("a", containers.ActionStop)
		w.called("stop a")
		w.delete("a")
		w.called("remove a")
		if c := w.get("a"); c != nil {
			t.Errorf("container a is still there: %+v", c)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble: nothing is left to do for the stop
		w.called()
	})
}

// Whatever is asked in whatever order, each thing is done at most once for each time that it was asked.
func TestRepeatedAndConflictingWishesSettle(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateExited)
		w.docker.slow["start a"] = func(ctx context.Context) error { return pass(ctx, time.Second) }
		w.wish("a", containers.DesiredRunning)
		synctest.Wait()
		for range 5 { // while the first is under way
			w.wish("a", containers.DesiredCreated)
			w.wish("a", containers.DesiredRunning)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		w.called("start a")
		w.ask("a", containers.ActionStart)
		w.wish("a", containers.DesiredCreated) // at once: it has the last word
		time.Sleep(time.Minute)                //nolint:forbidigo // in a bubble
		c := w.get("a")
		if c.Status.ObservedGeneration != c.Generation {
			t.Errorf("generation %d is carried out, want %d", c.Status.ObservedGeneration, c.Generation)
		}
		if got := w.state("a"); got != containers.StateExited {
			t.Errorf("the container is %s", got)
		}
	})
}

func TestActionOnWhatIsGoneIsNoError(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.docker.slow["stop a"] = func(ctx context.Context) error { return pass(ctx, 10*time.Second) }
		w.ask("a", containers.ActionStop)
		synctest.Wait()
		// The container is gone from the engine, and the mirror takes its object away.
		w.update("a", func(c *containers.Container) { c.Finalizers = nil })
		w.delete("a")
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		w.called("stop a")
	})
}

func TestActionOnABareObjectIsRefused(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create(&containers.Container{ObjectMeta: metav1.ObjectMeta{Name: "bare", Namespace: apitest.Namespace}})
		w.ask("bare", containers.ActionStart)
		w.called()
		w.outcome("bare", containers.ActionStart, containers.ActionFailed, "This container has not been seen in the engine")
	})
}

func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
