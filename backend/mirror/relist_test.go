package mirror

import (
	"testing"

	"k8s.io/apimachinery/pkg/types"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// relisted waits for two lists of containers, the second of which begun after this was called, and gives how many of
// their entries were read.
func (w *world) relisted(f *fake) int {
	w.t.Helper()
	var entries, lists int
	f.set(func(f *fake) { entries, lists = f.entries, f.calls["list networks"] })
	w.eventually("two lists", func() bool { return f.count("list networks") >= lists+3 })
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.entries - entries
}

func TestRelistReadsOfAListOnlyWhatIsNew(t *testing.T) {
	f := filled()
	f.setContainer(2, containers.StateRunning) // what does not run is inspected now and then
	w := withFake(t, f, often)
	w.eventually("a list of nothing new", func() bool { return w.relisted(f) == 0 })
	before, inspects := w.versions(), f.count("inspect container")
	if got := w.relisted(f); got != 0 {
		t.Errorf("%d entries are read although nothing has changed", got)
	}
	if got := f.count("inspect container"); got != inspects {
		t.Errorf("%d containers are inspected although nothing has changed", got-inspects)
	}
	for name, v := range w.versions() {
		if before[name] != v {
			t.Errorf("%s was written although nothing has changed", name)
		}
	}

	f.setContainer(1, containers.StatePaused) // and no event
	w.awaitState(1, containers.StatePaused)
	w.eventually("a list of nothing new", func() bool { return w.relisted(f) == 0 })

	// An object that is no longer what it was is compared, whatever the engine says.
	_, err := w.cfg.Containers.UpdateStatus(t.Context(), types.NamespacedName{Namespace: namespace, Name: id(1)}, func(c *containers.Container) error {
		c.Status.Status = containers.StateDead
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.awaitState(1, containers.StatePaused)
	if err := w.cfg.Containers.Delete(t.Context(), types.NamespacedName{Namespace: namespace, Name: id(2)}); err != nil {
		t.Fatal(err)
	}
	_, err = w.cfg.Containers.Update(t.Context(), types.NamespacedName{Namespace: namespace, Name: id(2)}, func(c *containers.Container) error {
		c.Finalizers = nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.eventually("the object that somebody took", func() bool { return w.containers()[id(2)].Status.Status == containers.StateRunning })
}
