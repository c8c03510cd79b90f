package container_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestDeleteRemovesTheContainer(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		before := w.gone
		w.delete("a")
		w.called("remove a")
		if c := w.get("a"); c != nil {
			t.Errorf("the object is still there: %+v", c)
		}
		if w.gone != before+1 {
			t.Errorf("its end was told %d times", w.gone-before)
		}
	})
}

func TestDeleteOfWhatIsGoneReleasesTheObject(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.docker.set(func() { delete(w.docker.states, "a") })
		w.delete("a")
		w.called("remove a")
		if c := w.get("a"); c != nil {
			t.Errorf("the object is still there: %+v", c)
		}
	})
}

func TestBareObjectIsLetGoWithoutACall(t *testing.T) {
	for name, finalizers := range map[string][]string{"with our finalizer": {containers.Finalizer}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.create(&containers.Container{ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: apitest.Namespace, Finalizers: finalizers}})
				w.delete("a")
				w.called()
				if c := w.get("a"); c != nil {
					t.Errorf("the object is still there: %+v", c)
				}
			})
		})
	}
}

func TestTerminatingObjectIsLeftAlone(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.update("a", func(c *containers.Container) { c.Finalizers = append(c.Finalizers, "example.com/other") })
		w.delete("a")
		w.called("remove a")
		c := w.get("a")
		if diff := cmp.Diff([]string{"example.com/other"}, c.Finalizers); diff != "" {
			t.Errorf("finalizers (-want +got):\n%s", diff)
		}
		w.ask("a", containers.ActionStart)
		w.wish("a", containers.DesiredRunning)
		w.mirror("a", func(s *containers.ContainerStatus) { s.Status = containers.StateExited })
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called()
		if diff := cmp.Diff([]string{"example.com/other"}, w.get("a").Finalizers); diff != "" {
			t.Errorf("finalizers (-want +got):\n%s", diff)
		}
	})
}

func TestDeleteWaitsForTheEngine(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.engineIsAway()
		w.delete("a")
		w.called()
		w.delayed("a", containers.ReasonEngineAway, away)
		w.engineIsBack()
		w.called("remove a")
		if c := w.get("a"); c != nil {
			t.Errorf("the object is still there: %+v", c)
		}
	})
}

func TestRefusedDeleteIsExplainedAndTriedAgain(t *testing.T) {
	tests := map[string]struct {
		refusal         error
		reason, message string
	}{
		"no reason that passes": {errors.New("device or resource busy"), containers.ReasonRefused, "Device or resource busy"},
		"already being removed": {fmt.Errorf("in progress: %w", engine.ErrConflict), containers.ReasonRefused, "In progress: " + engine.ErrConflict.Error()},
		"engine just lost":      {fmt.Errorf("dial: %w", engine.ErrUnavailable), containers.ReasonEngineAway, "Dial: " + engine.ErrUnavailable.Error()},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.add("a", containers.StateRunning)
				w.docker.fail["remove a"] = tt.refusal
				w.delete("a")
				w.called("remove a")
				w.delayed("a", tt.reason, tt.message)
				// Neither our own words about it nor the mirror's are a reason to ask again.
				w.mirror("a", func(s *containers.ContainerStatus) { s.Status = containers.StateRemoving })
				w.called()
				time.Sleep(6 * time.Second) //nolint:forbidigo // in a bubble
				w.called("remove a")
				w.docker.set(func() { delete(w.docker.fail, "remove a") })
				time.Sleep(6 * time.Second) //nolint:forbidigo // in a bubble
				w.called("remove a")
				if c := w.get("a"); c != nil {
					t.Errorf("the object is still there: %+v", c)
				}
			})
		})
	}
}

func TestDeleteThatTheEngineDoesNotAnswerIsGivenUpForAWhile(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.docker.slow["remove a"] = forever
		w.delete("a")
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		w.delayed("a", containers.ReasonEngineAway, "The engine has not answered for 1m0s.")
	})
}

// delayed checks why the delete of a container has to wait.
func (w *world) delayed(name, reason, message string) {
	w.t.Helper()
	synctest.Wait()
	c := w.get(name)
	if c == nil {
		w.t.Fatalf("container %s is gone", name)
	}
	d := condition.Get(c.Status.Conditions, containers.ConditionDeleting)
	if d.Status != metav1.ConditionFalse || d.Reason != reason || d.Message != message {
		w.t.Errorf("Deleting is %s/%s %q, want False/%s %q", d.Status, d.Reason, d.Message, reason, message)
	}
}

func forever(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}
