package controllers_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
)

// wish changes an object as a face does, which may well be refused in a storm.
func (w *world) wish(id string, change func(*containersv1.Container)) (generation int64) {
	c, err := w.api.Containers().Update(w.t.Context(), apitest.Key(id), func(c *containersv1.Container) error {
		change(c)
		return nil
	})
	if err != nil {
		return 0
	}
	return c.Generation
}

func ask(a containersv1.Action) func(*containersv1.Container) {
	return func(c *containersv1.Container) {
		c.Annotations = map[string]string{containersv1.AnnotationAction: string(a)}
	}
}

func want(s containersv1.DesiredState) func(*containersv1.Container) {
	return func(c *containersv1.Container) { c.Spec.State = s }
}

// calls is how often the engine was asked to change a container.
func (w *world) calls(id, verb string) int { return w.proxy.Calls("^/containers/" + id + verb + "$") }

func TestRealStormOfWishesEndsWithTheLastOfEach(t *testing.T) {
	w := start(t)
	ids := make([]string, 4)
	for i := range ids {
		ids[i] = w.run(fmt.Sprintf("--name=storm-%d", i), "--stop-signal=KILL", "busybox:latest", "sleep", "1000")
	}
	actions := []containersv1.Action{
		containersv1.ActionStart, containersv1.ActionStop, containersv1.ActionRestart, containersv1.ActionPause, containersv1.ActionUnpause, containersv1.ActionKill,
	}
	var all sync.WaitGroup
	for worker := range 4 {
		dice := rand.New(rand.NewPCG(2, uint64(worker))) //nolint:gosec // the same storm each time
		all.Go(func() {
			for range 15 {
				id := ids[dice.IntN(len(ids))]
				change := ask(actions[dice.IntN(len(actions))])
				if dice.IntN(3) == 0 {
					change = want([]containersv1.DesiredState{containersv1.DesiredCreated, containersv1.DesiredRunning}[dice.IntN(2)])
				}
				w.wish(id, change)
				w.wish(id, change) // a double click
				<-time.After(time.Duration(dice.IntN(30)) * time.Millisecond)
			}
		})
	}
	all.Wait()
	for i, id := range ids {
		apitest.Until(t, w.api.Containers(), apitest.Key(id), "the end of the storm", func(c *containersv1.Container) bool {
			return c.Annotations[containersv1.AnnotationAction] == "" && c.Status.ObservedGeneration >= c.Generation
		})
		last, state := containersv1.DesiredRunning, "running"
		if i%2 == 0 {
			last, state = containersv1.DesiredCreated, "exited"
		}
		w.wish(id, want(containersv1.DesiredUnknown)) // so that the next is a new one
		g := w.wish(id, want(last))
		apitest.Until(t, w.api.Containers(), apitest.Key(id), "the last wish", func(c *containersv1.Container) bool {
			return c.Status.ObservedGeneration >= g
		})
		if got := w.state(id); got != state && (got != "created" || state != "exited") {
			t.Errorf("the last wish of container %d was %s; it is %s", i, last, got)
		}
	}
	for _, id := range ids {
		for range 3 {
			all.Go(func() { _ = w.api.Containers().Delete(t.Context(), apitest.Key(id)) })
		}
		all.Go(func() { w.wish(id, ask(containersv1.ActionStart)) })
	}
	all.Wait()
	for _, id := range ids {
		isGone(w, w.api.Containers(), id)
		if n := w.calls(id, ""); n != 1 {
			t.Errorf("the engine was asked %d times to remove container %s", n, id)
		}
	}
	if left := w.docker.Docker(t, "ps", "-aq"); left != "" {
		t.Errorf("the engine still has %s", left)
	}
}

func TestRealWishIsCarriedOutOnceHoweverOftenItIsSaid(t *testing.T) {
	w := start(t)
	id, other := w.run("busybox:latest", "sleep", "1000"), w.run("busybox:latest", "sleep", "1000")
	g := w.wish(id, want(containersv1.DesiredRunning))
	for range 20 {
		if again := w.wish(id, want(containersv1.DesiredRunning)); again != g {
			t.Fatalf("the same wish made generation %d of %d", again, g)
		}
	}
	apitest.Until(t, w.api.Containers(), apitest.Key(id), "the wish", func(c *containersv1.Container) bool { return c.Status.ObservedGeneration >= g })
	w.docker.Docker(t, "kill", id) // another writer, with whom nobody is to fight
	before := w.proxy.Calls(".")
	for n := range 20 {
		w.must(w.api.Containers().UpdateStatus(t.Context(), apitest.Key(id), func(c *containersv1.Container) error {
			c.Status.Status, c.Status.ExitCode = containersv1.StateExited, int32(n) // as the mirror sees it
			return nil
		}))
	}
	if n := w.proxy.Calls(".") - before; n != 0 {
		t.Errorf("%d calls about a container that is settled", n)
	}
	w.do(other, containersv1.ActionStart)
	if n := w.calls(id, "/start"); n != 1 || w.state(id) != "exited" {
		t.Errorf("started %d times; it is %s", n, w.state(id))
	}
}

func TestRealEngineThatRefusesIsSaidAndTheNextWishWorks(t *testing.T) {
	w := start(t)
	id := w.run("busybox:latest", "sleep", "1000")
	w.proxy.Refuse()
	if l := w.do(id, containersv1.ActionStart); l.State != containersv1.ActionFailed || l.Error == "" {
		t.Errorf("last action is %+v", l)
	}
	w.proxy.Return(t)
	if l := w.do(id, containersv1.ActionStart); l.State != containersv1.ActionSucceeded {
		t.Errorf("last action is %+v", l)
	}
	w.must(nil, w.api.Containers().Delete(t.Context(), apitest.Key(id)))
	isGone(w, w.api.Containers(), id)
}
