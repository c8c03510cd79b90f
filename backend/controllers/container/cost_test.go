package container_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/container"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
)

// counted counts what a reconciler reads and writes.
type counted struct {
	store.Store[containers.Container, *containers.Container]
	lists, gets, writes *atomic.Int32
}

func (s counted) List(ctx context.Context, namespace string) ([]containers.Container, error) {
	s.lists.Add(1)
	return s.Store.List(ctx, namespace)
}

func (s counted) Get(ctx context.Context, key types.NamespacedName) (*containers.Container, error) {
	s.gets.Add(1)
	return s.Store.Get(ctx, key)
}

func (s counted) Update(ctx context.Context, key types.NamespacedName, change func(*containers.Container) error) (*containers.Container, error) {
	s.writes.Add(1)
	return s.Store.Update(ctx, key, change)
}

func (s counted) UpdateStatus(ctx context.Context, key types.NamespacedName, change func(*containers.Container) error) (*containers.Container, error) {
	s.writes.Add(1)
	return s.Store.UpdateStatus(ctx, key, change)
}

// A change of one container costs no look at the others, and one that asks for nothing costs nothing at all.
func TestChangeCostsTheSameHoweverManyContainersThereAre(t *testing.T) {
	api := apitest.New(t)
	synctest.Test(t, func(t *testing.T) {
		s := counted{api.Containers(), new(atomic.Int32), new(atomic.Int32), new(atomic.Int32)}
		d := newDocker()
		const many = 200
		for i := range many {
			name := fmt.Sprint("c", i)
			d.states[name] = containers.StateRunning
			_, err := api.Containers().Create(t.Context(), &containers.Container{
				ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: apitest.Namespace}, Status: containers.ContainerStatus{ID: name, Name: name},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		r := container.New(container.Config{
			Containers: s, Locate: func(context.Context, string) (container.Engine, error) { return d, nil }, Gone: func() {}, Log: slog.New(slog.DiscardHandler),
		})
		apitest.Run(t, r.Run)
		synctest.Wait()
		cost := func(what string, gets, writes int32, change func(c *containers.Container)) {
			t.Helper()
			s.gets.Store(0)
			s.writes.Store(0)
			_, err := api.Containers().Update(t.Context(), apitest.Key("c7"), func(c *containers.Container) error {
				change(c)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if s.lists.Load() != 0 || s.gets.Load() > gets || s.writes.Load() > writes {
				t.Errorf("%s cost %d lists, %d reads and %d writes; 0, %d and %d are enough", what, s.lists.Load(), s.gets.Load(), s.writes.Load(), gets, writes)
			}
		}
		cost("a label", 0, 0, func(c *containers.Container) { c.Labels = map[string]string{"a": "b"} })
		cost("an action", 4, 3, func(c *containers.Container) {
			c.Annotations = map[string]string{containers.AnnotationAction: string(containers.ActionPause)}
		})
		cost("a kill", 4, 3, func(c *containers.Container) {
			c.Annotations = map[string]string{containers.AnnotationAction: string(containers.ActionKill)}
		})
		cost("a wish", 4, 3, func(c *containers.Container) { c.Spec.State = containers.DesiredRunning })
	})
}
