package image_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/image"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// docker is an engine that has tags and images, and counts what it is told to remove.
type docker struct {
	mu     sync.Mutex // guards what follows
	tags   map[string]string
	images map[string]bool
	used   map[string]bool
	calls  []string
	asked  int
}

func (d *docker) ImageIDOf(_ context.Context, ref string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	if id, ok := d.tags[ref]; ok {
		return id, nil
	}
	return "", fmt.Errorf("inspect image %s: %w", ref, engine.ErrNotFound)
}

func (d *docker) Images(_ context.Context, ids ...string) ([]engine.ImageRecord, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	var all []engine.ImageRecord
	for _, id := range ids {
		if !d.images[id] {
			continue
		}
		tagged := false
		for tag, of := range d.tags {
			if of == id {
				tagged = true
				all = append(all, engine.ImageRecord{ImageStatus: containers.ImageStatus{ID: id, RepoTag: tag}})
			}
		}
		if !tagged {
			all = append(all, engine.ImageRecord{ImageStatus: containers.ImageStatus{ID: id, Dangling: true}})
		}
	}
	return all, nil
}

func (d *docker) RemoveImage(_ context.Context, ref string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, ref)
	id := ref
	if of, ok := d.tags[ref]; ok {
		id = of
	}
	switch {
	case d.used[id]:
		return fmt.Errorf("remove image %s: must be forced: %w", ref, engine.ErrConflict)
	case !d.images[id]:
		return fmt.Errorf("remove image %s: %w", ref, engine.ErrNotFound)
	}
	delete(d.tags, ref)
	return nil
}

type world struct {
	t          *testing.T
	images     store.Store[containers.Image, *containers.Image]
	containers store.Store[containers.Container, *containers.Container]
	docker     *docker
	loop       *image.Reconciler
	away       error
}

func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	api := apitest.New(t) // outside: the libraries keep goroutines for ever
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, images: api.Images(), containers: api.Containers(), docker: &docker{
			tags: map[string]string{"app:1": "sha256:1"}, images: map[string]bool{"sha256:1": true, "sha256:2": true}, used: map[string]bool{},
		}}
		w.loop = image.New(image.Config{
			Objects: w.images, Containers: w.containers,
			Locate: func(context.Context, string) (image.Engine, error) {
				w.docker.mu.Lock()
				defer w.docker.mu.Unlock()
				return w.docker, w.away
			},
			Log: apitest.Log(t),
		})
		apitest.Run(t, w.loop.Run)
		test(w)
	})
}

// set changes the engine or the way to it.
func (w *world) set(change func()) {
	w.docker.mu.Lock()
	defer w.docker.mu.Unlock()
	change()
}

// deleted mirrors an image, deletes the object, and says whether it is gone once nothing is left to do.
func (w *world) deleted(id, tag string) (gone bool) {
	w.t.Helper()
	name := containers.ImageName(id, tag)
	i := &containers.Image{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: apitest.Namespace, Finalizers: []string{containers.Finalizer}},
		Status:     containers.ImageStatus{ID: id, RepoTag: tag},
	}
	if _, err := w.images.Create(w.t.Context(), i); err != nil {
		w.t.Fatal(err)
	}
	if err := w.images.Delete(w.t.Context(), apitest.Key(name)); err != nil {
		w.t.Fatal(err)
	}
	return w.gone(id, tag)
}

func (w *world) gone(id, tag string) bool {
	synctest.Wait()
	_, err := w.images.Get(w.t.Context(), apitest.Key(containers.ImageName(id, tag)))
	return err != nil
}

func (w *world) called(want ...string) {
	w.t.Helper()
	synctest.Wait()
	w.set(func() {
		if diff := cmp.Diff(want, w.docker.calls, cmpopts.EquateEmpty()); diff != "" {
			w.t.Errorf("images removed (-want +got):\n%s", diff)
		}
		w.docker.calls = nil
	})
}

func (w *world) delayed(id, tag, reason, message string) {
	w.t.Helper()
	i, err := w.images.Get(w.t.Context(), apitest.Key(containers.ImageName(id, tag)))
	if err != nil {
		w.t.Fatal(err)
	}
	c := condition.Get(i.Status.Conditions, containers.ConditionDeleting)
	if c.Status != metav1.ConditionFalse || c.Reason != reason || c.Message != message {
		w.t.Errorf("Deleting is %s/%s %q, want False/%s %q", c.Status, c.Reason, c.Message, reason, message)
	}
}

func TestDeleteTakesAwayWhatTheObjectStandsFor(t *testing.T) {
	tests := map[string]struct {
		change  func(d *docker)
		id, tag string
		want    []string
	}{
		"a tag":                           {id: "sha256:1", tag: "app:1", want: []string{"app:1"}},
		"a tag that moved":                {change: func(d *docker) { d.tags["app:1"] = "sha256:2" }, id: "sha256:1", tag: "app:1"},
		"a tag that is gone":              {change: func(d *docker) { delete(d.tags, "app:1") }, id: "sha256:1", tag: "app:1"},
		"an image without tags":           {id: "sha256:2", want: []string{"sha256:2"}},
		"one that was tagged meanwhile":   {id: "sha256:1"},
		"one without tags that is gone":   {id: "sha256:3"},
		"nothing: it was never mirrored":  {id: "", tag: "app:1"},
		"nothing: mirrored without a tag": {id: "", tag: ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				if tt.change != nil {
					w.set(func() { tt.change(w.docker) })
				}
				if !w.deleted(tt.id, tt.tag) {
					t.Error("the object is still there")
				}
				w.called(tt.want...)
				if tt.id == "" && w.docker.asked != 0 {
					t.Errorf("the engine was asked %d times about a bare object", w.docker.asked)
				}
			})
		})
	}
}

func TestImageInUseNamesItsUsersAndGoesWithTheLast(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set(func() { w.docker.used["sha256:1"] = true })
		for _, name := range []string{"web", "db", "db2", "a", "b", "c", "d"} {
			id := "sha256:1"
			if name == "db2" {
				id = "sha256:2"
			}
			c := &containers.Container{
				ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: apitest.Namespace},
				Status:     containers.ContainerStatus{ID: name, Name: name, ImageID: id},
			}
			if _, err := w.containers.Create(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if w.deleted("sha256:1", "app:1") {
			t.Fatal("the object is gone, and its image in use")
		}
		w.called("app:1")
		w.delayed("sha256:1", "app:1", containers.ReasonInUse, "In use by containers a, b, c, d, db and 1 more. It is deleted as soon as it is free.")
		w.set(func() { delete(w.docker.used, "sha256:1") })
		w.loop.Retry() // a container went
		if !w.gone("sha256:1", "app:1") {
			t.Error("the object is still there")
		}
		w.called("app:1")
	})
}

func TestImageThatIsNeededByWhatIsNotKnownIsTriedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set(func() { w.docker.used["sha256:1"] = true })
		w.deleted("sha256:1", "app:1")
		w.delayed("sha256:1", "app:1", containers.ReasonInUse, "Remove image app:1: must be forced: "+engine.ErrConflict.Error())
		w.called("app:1")
		w.set(func() { delete(w.docker.used, "sha256:1") })
		time.Sleep(30 * time.Second) //nolint:forbidigo // in a bubble
		w.called("app:1")
	})
}

func TestDeleteWaitsForTheEngine(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set(func() { w.away = mirrored.Away("Away.") })
		w.deleted("sha256:1", "app:1")
		w.called()
		w.delayed("sha256:1", "app:1", containers.ReasonEngineAway, "Away.")
		w.set(func() { w.away = nil })
		w.loop.Retry()
		w.called("app:1")
		if !w.gone("sha256:1", "app:1") {
			t.Error("the object is still there")
		}
	})
}
