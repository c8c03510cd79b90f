package mirrored

import (
	"context"
	"fmt"
	"log/slog"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
)

// workers is how many things of one kind are removed at once: that is work for the engine's disk.
const workers = 4

// Access is what reconcilers of mirrored kinds are given. All fields are required.
type Access[T any, P store.Object[T], E any] struct {
	Objects    store.Store[T, P]
	Containers store.Store[containers.Container, *containers.Container]
	// Locate gives the engine that a namespace mirrors. Its error is for the user; it is an ErrAway where the engine
	// cannot be asked now.
	Locate func(ctx context.Context, namespace string) (E, error)
	Log    *slog.Logger
}

// Kind is what a Deleter knows of one kind. All fields but Free and Chained are required.
type Kind[T any, P store.Object[T], E any] struct {
	// Name such as "volume".
	Name string
	// Bare says that obj never stood for anything in an engine: there is nothing to remove.
	Bare func(obj P) bool
	// Remove removes from the engine what obj stands for.
	Remove func(ctx context.Context, eng E, obj P) error
	// Uses says that a container needs what obj stands for.
	Uses func(c *containers.Container, obj P) bool
	// Conditions finds the conditions in obj's status.
	Conditions func(obj P) *[]metav1.Condition
	// Free says that obj's own status knows of nobody who needs it any more.
	Free func(obj P) bool
	// Chained says that the end of one object may free another.
	Chained bool
}

// Deleter reconciles a kind of which users ask nothing but deletes. It implements reconcile.Reconciler.
type Deleter[T any, P store.Object[T], E any] struct {
	kind     Kind[T, P, E]
	access   Access[T, P, E]
	waiting  *Waiting
	deletion Deletion[T, P]
}

// NewDeleter makes a Deleter; Run runs it.
func NewDeleter[T any, P store.Object[T], E any](k Kind[T, P, E], a Access[T, P, E]) *Deleter[T, P, E] {
	d := &Deleter[T, P, E]{kind: k, access: a, waiting: NewWaiting()}
	d.deletion = Deletion[T, P]{
		Store: a.Objects, Waiting: d.waiting, Bare: k.Bare, Remove: d.remove, Users: d.users, Conditions: k.Conditions, Free: k.Free, Log: a.Log,
	}
	return d
}

// Run reconciles until ctx ends.
func (d *Deleter[T, P, E]) Run(ctx context.Context) error {
	return loop.Loop{
		Name:       d.kind.Name,
		Reconciler: d,
		Workers:    workers,
		Feeds: []loop.Feed{
			loop.Watch(d.access.Objects, loop.Handler[P]{
				Changed: func(obj P, add loop.Add) {
					if d.deletion.Due(obj) {
						add(loop.Of(obj))
					}
				},
				Gone: func(obj P, _ loop.Add) {
					d.waiting.Remove(loop.Of(obj))
					if d.kind.Chained {
						d.waiting.Retry()
					}
				},
			}, d.access.Log),
			d.waiting.Feed,
		},
		Log: d.access.Log,
	}.Run(ctx)
}

// Retry has what waits for an engine, or for a container to go, tried again. It does not block.
func (d *Deleter[T, P, E]) Retry() { d.waiting.Retry() }

// Reconcile implements reconcile.Reconciler.
func (d *Deleter[T, P, E]) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	obj, err := d.access.Objects.Get(ctx, req.NamespacedName)
	switch {
	case apierrors.IsNotFound(err):
		d.waiting.Remove(req)
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("read %s %s: %w", d.kind.Name, req.Name, err)
	case !Deletes(obj):
		return reconcile.Result{}, nil
	}
	return d.deletion.CarryOut(ctx, obj)
}

func (d *Deleter[T, P, E]) remove(ctx context.Context, obj P) error {
	eng, err := d.access.Locate(ctx, obj.GetNamespace())
	if err != nil {
		return err
	}
	return d.kind.Remove(ctx, eng, obj)
}

// users names the containers that need obj. It looks at all of them, which only a delete that was refused has to pay.
func (d *Deleter[T, P, E]) users(ctx context.Context, obj P) ([]string, error) {
	all, err := d.access.Containers.List(ctx, obj.GetNamespace())
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range all {
		if d.kind.Uses(&all[i], obj) {
			names = append(names, all[i].Status.Name)
		}
	}
	return names, nil
}
