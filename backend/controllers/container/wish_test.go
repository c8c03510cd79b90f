package container_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestWishLeadsToTheCallsThatItNeeds(t *testing.T) {
	tests := []struct {
		state containers.State
		wish  containers.DesiredState
		want  []string
	}{
		{containers.StateCreated, containers.DesiredCreated, nil},
		{containers.StateExited, containers.DesiredCreated, nil},
		{containers.StateDead, containers.DesiredCreated, nil},
		{containers.StateRemoving, containers.DesiredCreated, nil},
		{containers.StateRunning, containers.DesiredCreated, []string{"stop a"}},
		{containers.StateRestarting, containers.DesiredCreated, []string{"stop a"}},
		{containers.StatePaused, containers.DesiredCreated, []string{"stop a"}},
		{containers.StateUnknown, containers.DesiredCreated, []string{"stop a"}},
		{containers.StateRunning, containers.DesiredRunning, nil},
		{containers.StateRestarting, containers.DesiredRunning, nil},
		{containers.StateRemoving, containers.DesiredRunning, nil},
		{containers.StatePaused, containers.DesiredRunning, []string{"unpause a"}},
		{containers.StateCreated, containers.DesiredRunning, []string{"start a"}},
		{containers.StateExited, containers.DesiredRunning, []string{"start a"}},
		{containers.StateDead, containers.DesiredRunning, []string{"start a"}},
		{containers.StateUnknown, containers.DesiredRunning, []string{"start a"}},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s when %s", tt.wish, tt.state), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.add("a", tt.state)
				w.wish("a", tt.wish)
				w.called(tt.want...)
				c := w.get("a")
				if c.Status.ObservedGeneration != c.Generation {
					t.Errorf("generation %d is carried out, want %d", c.Status.ObservedGeneration, c.Generation)
				}
				if (c.Status.LastAction != nil) != (tt.want != nil) {
					t.Errorf("last action is %+v", c.Status.LastAction)
				}
			})
		})
	}
}

func TestSettledContainerCostsNoCall(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.wish("a", containers.DesiredCreated)
		w.called("stop a")
		asked := w.asked()
		// Docker's restart policy, a shell and the clock are other writers: none of them is fought.
		for i, s := range []containers.State{
			containers.StateExited, containers.StateRunning, containers.StatePaused, containers.StateDead, containers.StateCreated, "",
		} {
			w.mirror("a", func(st *containers.ContainerStatus) { st.Status, st.ExitCode = s, int32(i) })
			w.update("a", func(c *containers.Container) { c.Labels = map[string]string{"i": fmt.Sprint(i)} })
			synctest.Wait()
		}
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called()
		if n := w.asked(); n != asked {
			t.Errorf("the engine was asked %d times about a settled container", n-asked)
		}
	})
}

func TestContainerThatNobodyAskedAnythingOfIsNotWritten(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		before := w.get("a").ResourceVersion
		w.loop.Retry()
		if c := w.get("a"); c.ResourceVersion != before || c.Status.ObservedGeneration != 0 {
			t.Errorf("the container was written: %+v", c)
		}
		w.wish("a", containers.DesiredRunning)
		w.wish("a", containers.DesiredUnknown)
		c := w.get("a")
		if c.Status.ObservedGeneration != 3 {
			t.Errorf("generation %d is carried out, want 3", c.Status.ObservedGeneration)
		}
		w.called()
	})
}

// The mirror may not have seen yet what we did last: the next wish must not be taken for fulfilled.
func TestWishDoesNotTrustTheMirrorsMemory(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateRunning)
		w.wish("a", containers.DesiredCreated)
		w.called("stop a")
		w.wish("a", containers.DesiredRunning)
		w.called("start a")
	})
}

func TestWishThatIsThereBeforeTheMirrorWaitsForIt(t *testing.T) {
	inWorld(t, func(w *world) {
		w.docker.states["a"] = containers.StateExited
		w.create(&containers.Container{
			ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: apitest.Namespace},
			Spec:       containers.ContainerSpec{State: containers.DesiredRunning},
		})
		w.called()
		w.mirror("a", func(s *containers.ContainerStatus) { s.ID, s.Status = "a", containers.StateExited })
		w.called("start a")
	})
}

func TestWishIsTriedOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateCreated)
		w.docker.fail["start a"] = errors.New("exit status 127")
		w.wish("a", containers.DesiredRunning)
		w.outcome("a", containers.ActionStart, containers.ActionFailed, "Exit status 127")
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called("start a")
	})
}

func TestWishWaitsForTheEngine(t *testing.T) {
	tests := map[string]struct {
		lose, find func(w *world)
		words      string
	}{
		"not ready": {
			lose: (*world).engineIsAway, find: (*world).engineIsBack,
			words: away,
		},
		"believed to be ready": {
			lose: func(w *world) {
				w.docker.set(func() { w.docker.fail["list"] = fmt.Errorf("list: %w", engine.ErrUnavailable) })
			},
			find: func(w *world) {
				w.docker.set(func() { delete(w.docker.fail, "list") })
				time.Sleep(5 * time.Second) //nolint:forbidigo // in a bubble: the longest back-off
			},
			words: "List: " + engine.ErrUnavailable.Error(),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.add("a", containers.StateExited)
				tt.lose(w)
				w.wish("a", containers.DesiredRunning)
				w.outcome("a", containers.ActionStart, containers.ActionFailed, tt.words)
				before := w.get("a").ResourceVersion
				time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
				if c := w.get("a"); c.ResourceVersion != before {
					t.Error("the reason was written again and again")
				}
				if n := w.asked(); n > 750 {
					t.Errorf("the engine was asked %d times in an hour", n)
				}
				tt.find(w)
				w.called("start a")
				w.outcome("a", containers.ActionStart, containers.ActionSucceeded, "")
			})
		})
	}
}

func TestWishForWhatIsGoneIsNoError(t *testing.T) {
	inWorld(t, func(w *world) {
		w.add("a", containers.StateExited)
		delete(w.docker.states, "a")
		w.wish("a", containers.DesiredRunning)
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called()
		if n := w.asked(); n != 1 {
			t.Errorf("the engine was asked %d times, want once", n)
		}
	})
}
