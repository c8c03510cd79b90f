package volume_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/controllers/volume"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// docker is an engine that has volumes, by name: whether they are in use.
type docker struct {
	mu    sync.Mutex // guards what follows
	used  map[string]bool
	calls []string
	away  error
}

func (d *docker) RemoveVolume(_ context.Context, name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, name)
	used, there := d.used[name]
	switch {
	case !there:
		return fmt.Errorf("remove volume %s: %w", name, engine.ErrNotFound)
	case used:
		return fmt.Errorf("remove volume %s: volume is in use: %w", name, engine.ErrConflict)
	}
	delete(d.used, name)
	return nil
}

type world struct {
	t          *testing.T
	volumes    store.Store[containers.Volume, *containers.Volume]
	containers store.Store[containers.Container, *containers.Container]
	docker     *docker
	loop       *volume.Reconciler
}

func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	api := apitest.New(t) // outside: the libraries keep goroutines for ever
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, volumes: api.Volumes(), containers: api.Containers(), docker: &docker{used: map[string]bool{"data": false}}}
		w.loop = volume.New(volume.Config{
			Objects: w.volumes, Containers: w.containers,
			Locate: func(context.Context, string) (volume.Engine, error) {
				w.docker.mu.Lock()
				defer w.docker.mu.Unlock()
				return w.docker, w.docker.away
			},
			Log: apitest.Log(t),
		})
		apitest.Run(t, w.loop.Run)
		test(w)
	})
}

func (w *world) set(change func(d *docker)) {
	w.docker.mu.Lock()
	defer w.docker.mu.Unlock()
	change(w.docker)
}

// deleted mirrors a volume, deletes the object, and says whether it is gone once nothing is left to do.
func (w *world) deleted(name string) bool {
	w.t.Helper()
	v := &containers.Volume{
		ObjectMeta: metav1.ObjectMeta{Name: containers.VolumeName(name), Namespace: apitest.Namespace, Finalizers: []string{containers.Finalizer}},
		Status:     containers.VolumeStatus{Name: name},
	}
	if _, err := w.volumes.Create(w.t.Context(), v); err != nil {
		w.t.Fatal(err)
	}
	if err := w.volumes.Delete(w.t.Context(), apitest.Key(v.Name)); err != nil {
		w.t.Fatal(err)
	}
	return w.gone(name)
}

func (w *world) gone(name string) bool {
	synctest.Wait()
	_, err := w.volumes.Get(w.t.Context(), apitest.Key(containers.VolumeName(name)))
	return err != nil
}

func (w *world) called(want ...string) {
	w.t.Helper()
	synctest.Wait()
	w.set(func(d *docker) {
		if diff := cmp.Diff(want, d.calls, cmpopts.EquateEmpty()); diff != "" {
			w.t.Errorf("volumes removed (-want +got):\n%s", diff)
		}
		d.calls = nil
	})
}

func (w *world) delayed(name, reason, message string) {
	w.t.Helper()
	v, err := w.volumes.Get(w.t.Context(), apitest.Key(containers.VolumeName(name)))
	if err != nil {
		w.t.Fatal(err)
	}
	c := condition.Get(v.Status.Conditions, containers.ConditionDeleting)
	if c.Status != metav1.ConditionFalse || c.Reason != reason || c.Message != message {
		w.t.Errorf("Deleting is %s/%s %q, want False/%s %q", c.Status, c.Reason, c.Message, reason, message)
	}
}

func TestDeleteRemovesTheVolume(t *testing.T) {
	tests := map[string]struct {
		volume string
		want   []string
	}{
		"there":                {"data", []string{"data"}},
		"gone from the engine": {"other", []string{"other"}},
		"bare, never mirrored": {"", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				if !w.deleted(tt.volume) {
					t.Error("the object is still there")
				}
				w.called(tt.want...)
			})
		})
	}
}

func TestVolumeInUseNamesItsUsersAndGoesWithTheLast(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set(func(d *docker) { d.used["data"] = true })
		for name, m := range map[string]containers.Mount{
			"db":     {Type: "volume", Name: "data", Destination: "/data"},
			"binder": {Type: "bind", Name: "data", Destination: "/data"},
			"other":  {Type: "volume", Name: "data2", Destination: "/data"},
		} {
			c := &containers.Container{
				ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: apitest.Namespace},
				Status:     containers.ContainerStatus{ID: name, Name: name, Mounts: []containers.Mount{m}},
			}
			if _, err := w.containers.Create(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if w.deleted("data") {
			t.Fatal("the object is gone, and its volume in use")
		}
		w.called("data")
		w.delayed("data", containers.ReasonInUse, "In use by container db. It is deleted as soon as it is free.")
		w.set(func(d *docker) { d.used["data"] = false })
		w.loop.Retry() // a container went
		w.called("data")
		if !w.gone("data") {
			t.Error("the object is still there")
		}
	})
}

func TestDeleteWaitsForTheEngine(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set(func(d *docker) { d.away = mirrored.Away("Away.") })
		w.deleted("data")
		w.called()
		w.delayed("data", containers.ReasonEngineAway, "Away.")
		w.set(func(d *docker) { d.away = nil })
		w.loop.Retry()
		w.called("data")
		if !w.gone("data") {
			t.Error("the object is still there")
		}
	})
}
