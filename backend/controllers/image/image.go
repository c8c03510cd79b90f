// Package image reconciles Images: it carries the deletes that users ask of them to the engine. An Image stands for
// one tag, so its delete takes that tag away, and the engine removes an image with its last one.
package image

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
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

// workers is how many images are worked on at once: removing layers is work for the engine's disk.
const workers = 4

// Engine is what is asked of an engine here.
type Engine interface {
	ImageIDOf(ctx context.Context, ref string) (string, error)
	Images(ctx context.Context, ids ...string) ([]engine.ImageRecord, error)
	RemoveImage(ctx context.Context, ref string) error
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Images     store.Store[containers.Image, *containers.Image]
	Containers store.Store[containers.Container, *containers.Container]
	// Locate gives the engine that a namespace mirrors. Its error is for the user; it is a mirrored.ErrAway where the
	// engine cannot be asked now.
	Locate func(ctx context.Context, namespace string) (Engine, error)
	Log    *slog.Logger
}

// Reconciler reconciles Images.
type Reconciler struct {
	cfg      Config
	waiting  *mirrored.Waiting
	deletion mirrored.Deletion[containers.Image, *containers.Image]
}

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	r := &Reconciler{cfg: cfg, waiting: mirrored.NewWaiting()}
	r.deletion = mirrored.Deletion[containers.Image, *containers.Image]{
		Store:      cfg.Images,
		Waiting:    r.waiting,
		Bare:       func(i *containers.Image) bool { return i.Status.ID == "" },
		Remove:     r.remove,
		Users:      r.users,
		Conditions: func(i *containers.Image) *[]metav1.Condition { return &i.Status.Conditions },
		Log:        cfg.Log,
	}
	return r
}

// Run reconciles until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	return loop.Loop{
		Name:       "image",
		Reconciler: r,
		Workers:    workers,
		Feeds: []loop.Feed{
			loop.Watch(r.cfg.Images, loop.Handler[*containers.Image]{
				Changed: func(i *containers.Image, add loop.Add) {
					if r.deletion.Due(i) {
						add(loop.Of(i))
					}
				},
				Gone: func(i *containers.Image, _ loop.Add) {
					r.waiting.Remove(loop.Of(i))
					r.waiting.Retry() // an image can also be in the way of the one that it was made from
				},
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
	i, err := r.cfg.Images.Get(ctx, req.NamespacedName)
	switch {
	case apierrors.IsNotFound(err):
		r.waiting.Remove(req)
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("read image %s: %w", req.Name, err)
	case !mirrored.Deletes(i):
		return reconcile.Result{}, nil
	}
	return r.deletion.CarryOut(ctx, i)
}

// remove takes i's tag away, if it still names i's image: a pull or a build may have given it to another one, which
// the user did not ask to lose. The object then stands for nothing that is left.
func (r *Reconciler) remove(ctx context.Context, i *containers.Image) error {
	eng, err := r.cfg.Locate(ctx, i.Namespace)
	if err != nil {
		return err
	}
	if i.Status.RepoTag == "" {
		return removeUntagged(ctx, eng, i.Status.ID)
	}
	id, err := eng.ImageIDOf(ctx, i.Status.RepoTag)
	if err != nil || id != i.Status.ID {
		return err
	}
	return eng.RemoveImage(ctx, i.Status.RepoTag)
}

// removeUntagged removes an image, if it still has no tag: one that was tagged meanwhile is no longer what the user
// asked to lose, and to remove it by its ID would take that tag too.
func removeUntagged(ctx context.Context, eng Engine, id string) error {
	records, err := eng.Images(ctx, id)
	if err != nil {
		return err
	}
	for _, rec := range records {
		if rec.Err != nil {
			return rec.Err
		}
		if rec.RepoTag != "" {
			return nil
		}
	}
	if len(records) == 0 {
		return nil
	}
	return eng.RemoveImage(ctx, id)
}

// users names the containers that were made from i's image.
func (r *Reconciler) users(ctx context.Context, i *containers.Image) ([]string, error) {
	all, err := r.cfg.Containers.List(ctx, i.Namespace)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range all {
		if c.Status.ImageID == i.Status.ID {
			names = append(names, c.Status.Name)
		}
	}
	return names, nil
}
