// Package volume reconciles Volumes: it carries the deletes that users ask of them to the engine.
package volume

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
)

// workers is how many volumes are worked on at once: removing files is work for the engine's disk.
const workers = 4

// Engine is what is asked of an engine here.
type Engine interface {
	RemoveVolume(ctx context.Context, name string) error
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Volumes    store.Store[containers.Volume, *containers.Volume]
	Containers store.Store[containers.Container, *containers.Container]
	// Locate gives the engine that a namespace mirrors. Its error is for the user; it is a mirrored.ErrAway where the
	// engine cannot be asked now.
	Locate func(ctx context.Context, namespace string) (Engine, error)
	Log    *slog.Logger
}

// Reconciler reconciles Volumes.
type Reconciler struct {
	cfg      Config
	waiting  *mirrored.Waiting
	deletion mirrored.Deletion[containers.Volume, *containers.Volume]
}

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	r := &Reconciler{cfg: cfg, waiting: mirrored.NewWaiting()}
	r.deletion = mirrored.Deletion[containers.Volume, *containers.Volume]{
		Store:      cfg.Volumes,
		Waiting:    r.waiting,
		Bare:       func(v *containers.Volume) bool { return v.Status.Name == "" },
		Remove:     r.remove,
		Users:      r.users,
		Conditions: func(v *containers.Volume) *[]metav1.Condition { return &v.Status.Conditions },
		Log:        cfg.Log,
	}
	return r
}

// Run reconciles until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	return loop.Loop{
		Name:       "volume",
		Reconciler: r,
		Workers:    workers,
		Feeds: []loop.Feed{
			loop.Watch(r.cfg.Volumes, loop.Handler[*containers.Volume]{
				Changed: func(v *containers.Volume, add loop.Add) {
					if r.deletion.Due(v) {
						add(loop.Of(v))
					}
				},
				Gone: func(v *containers.Volume, _ loop.Add) { r.waiting.Remove(loop.Of(v)) },
			}, r.cfg.Log),
			r.waiting.Feed,
		},
		Log: r.cfg.Log,
	}.Run(ctx)
}

// Retry has what waits for an engine, or for a container to go, tried again. It does not block.
func (r *Reconciler) Retry() { r.waiting.Retry() }

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	v, err := r.cfg.Volumes.Get(ctx, req.NamespacedName)
	switch {
	case apierrors.IsNotFound(err):
		r.waiting.Remove(req)
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("read volume %s: %w", req.Name, err)
	case !mirrored.Deletes(v):
		return reconcile.Result{}, nil
	}
	return r.deletion.CarryOut(ctx, v)
}

func (r *Reconciler) remove(ctx context.Context, v *containers.Volume) error {
	eng, err := r.cfg.Locate(ctx, v.Namespace)
	if err != nil {
		return err
	}
	return eng.RemoveVolume(ctx, v.Status.Name)
}

// users names the containers that mount v, running or not.
func (r *Reconciler) users(ctx context.Context, v *containers.Volume) ([]string, error) {
	all, err := r.cfg.Containers.List(ctx, v.Namespace)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range all {
		if slices.ContainsFunc(c.Status.Mounts, func(m containers.Mount) bool { return m.Type == "volume" && m.Name == v.Status.Name }) {
			names = append(names, c.Status.Name)
		}
	}
	return names, nil
}
