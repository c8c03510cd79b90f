package mirror

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestRelistIsMoreFrequentWhileAFaceWatches(t *testing.T) {
	if p := defaultPace(); p.watched != 30*time.Second || p.idle != 5*time.Minute {
		t.Errorf("lists are %v apart while somebody looks, and %v otherwise", p.watched, p.idle)
	}
	f := filled()
	w := withFake(t, f, func(w *world) { w.mirror.pace.watched, w.mirror.pace.idle = 20*time.Millisecond, time.Hour })
	lists, pings := f.count("list containers"), f.count("ping")
	w.eventually("time to pass", func() bool { return f.count("ping") >= pings+5 })
	if now := f.count("list containers"); now != lists {
		t.Errorf("%d lists while nobody looks", now-lists)
	}
	w.watched.Store(true)
	w.eventually("lists while somebody looks", func() bool { return f.count("list containers") >= lists+3 })
	w.watched.Store(false)
}

// What the relist calls for, and no more: the budget of an idle engine.
func TestIdleEngineIsAskedNothingButSignsOfLife(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	w.eventually("details", func() bool { return w.containers()[id(1)].Status.Path != "" && w.containers()[id(2)].Status.Path != "" })
	w.awaitQuiet(f)
}

// awaitQuiet waits until the engine is asked for nothing but signs of life.
func (w *world) awaitQuiet(f *fake) {
	w.t.Helper()
	w.eventually("quiet", func() bool {
		before, pings := f.total(), f.count("ping")
		w.eventually("signs of life", func() bool { return f.count("ping") >= pings+5 })
		return f.total()-before == f.count("ping")-pings
	})
}

func (f *fake) total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := 0
	for _, n := range f.calls {
		sum += n
	}
	return sum
}

// failing is a store whose status cannot be written for a while.
type failing struct {
	store.Store[containers.Container, *containers.Container]
	left *atomic.Int32
}

func (s failing) UpdateStatus(ctx context.Context, key types.NamespacedName, change func(*containers.Container) error) (*containers.Container, error) {
	if s.left.Add(-1) >= 0 {
		return nil, errors.New("not now")
	}
	return s.Store.UpdateStatus(ctx, key, change)
}

func TestWriteThatFailedIsTriedAgain(t *testing.T) {
	f := filled()
	var left atomic.Int32
	w := newWorld(t, func(string) (Engine, error) { return f, nil })
	w.cfg.Containers = failing{w.cfg.Containers, &left}
	w.mirror = New(w.cfg)
	never(w)
	w.mirror.pace.retry = 20 * time.Millisecond
	w.begin("unix:///fake.sock")
	w.eventually("details", func() bool { return w.containers()[id(1)].Status.Path != "" })
	left.Store(3)
	f.setContainer(1, containers.StatePaused)
	f.tell(containerKey(1)) // once, and no list comes
	w.awaitState(1, containers.StatePaused)
}

// Objects that are being deleted keep what finalizers they have, whatever kind they are of.
func TestNoKindGetsItsFinalizerBackWhileItIsDeleted(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	image, volume := containers.ImageName("sha256:a", "other:1"), containers.VolumeName("data")
	terminate(w, w.cfg.Images, image)
	terminate(w, w.cfg.Volumes, volume)
	terminate(w, w.cfg.Networks, "bridge-id")
	f.set(func(f *fake) {
		for i := range f.images {
			f.images[i].Size = 77
		}
		v, n := f.volumes["data"], f.networks["bridge-id"]
		v.Driver, n.Driver = "new", "new"
		f.volumes["data"], f.networks["bridge-id"] = v, n
	})
	f.tell(engine.Key{Kind: engine.KindImage, ID: "sha256:a"}, engine.Key{Kind: engine.KindImage}, engine.Key{Kind: engine.KindVolume, ID: "data"}, engine.Key{Kind: engine.KindNetwork, ID: "bridge-id"})
	w.eventually("news to be written", func() bool {
		i, err := w.cfg.Images.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: image})
		return err == nil && i.Status.Size == 77 && w.volumes()["data"].Status.Driver == "new" &&
			w.networks()["bridge-id"].Status.Driver == "new"
	})
	w.awaitQuiet(f) // a finalizer that the API refused would be tried for again and again
	stillTerminates(w, w.cfg.Images, image)
	stillTerminates(w, w.cfg.Volumes, volume)
	stillTerminates(w, w.cfg.Networks, "bridge-id")
}

const held = "someone.else/holds"

// terminate deletes an object from which our finalizer was taken, and another one keeps it.
func terminate[T any, P store.Object[T]](w *world, s store.Store[T, P], name string) {
	w.t.Helper()
	key := types.NamespacedName{Namespace: namespace, Name: name}
	hold := func(finalizers ...string) {
		w.t.Helper()
		if _, err := s.Update(w.t.Context(), key, func(obj P) error { obj.SetFinalizers(finalizers); return nil }); err != nil {
			w.t.Fatal(err)
		}
	}
	hold(held, containers.Finalizer)
	if err := s.Delete(w.t.Context(), key); err != nil {
		w.t.Fatal(err)
	}
	hold(held)
}

func stillTerminates[T any, P store.Object[T]](w *world, s store.Store[T, P], name string) {
	w.t.Helper()
	obj, err := s.Get(w.t.Context(), types.NamespacedName{Namespace: namespace, Name: name})
	if err != nil {
		w.t.Fatal(err)
	}
	if !slices.Equal(obj.GetFinalizers(), []string{held}) || obj.GetDeletionTimestamp() == nil {
		w.t.Errorf("%s has the finalizers %v", name, obj.GetFinalizers())
	}
}
