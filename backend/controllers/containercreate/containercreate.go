// Package containercreate reconciles ContainerCreates: it has the engine make the container that each asks for, once, and
// collects those that are done with.
package containercreate

import (
	"context"
	"errors"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/backend/engine"
)

const (
	// kept is how long a request stays after it is done with, so that whoever asked can read how it went.
	kept = time.Minute
	// deadline ends one that an engine does not answer; a pull may take long.
	deadline = time.Hour
	workers  = 4
)

// Engine is what is asked of an engine here.
type Engine interface {
	CreateContainer(ctx context.Context, spec *containers.ContainerCreateSpec) (id string, warnings []string, err error)
	StartContainer(ctx context.Context, id string) error
	PullImage(ctx context.Context, ref string, each func(progress string)) error
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Requests store.Store[containers.ContainerCreate, *containers.ContainerCreate]
	// Locate finds the engine of a namespace; its error is told to the user as it is.
	Locate func(ctx context.Context, namespace string) (Engine, error)
	// Now is the clock by which requests are collected.
	Now func() time.Time
	Log *slog.Logger
}

// Reconciler reconciles ContainerCreates.
type Reconciler struct{ cfg Config }

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler { return &Reconciler{cfg: cfg} }

// Run reconciles until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	feed := loop.Watch(r.cfg.Requests, loop.Handler[*containers.ContainerCreate]{
		Changed: func(c *containers.ContainerCreate, add loop.Add) { add(loop.Of(c)) },
	}, r.cfg.Log)
	return loop.Loop{Name: "containercreate", Reconciler: r, Workers: workers, Feeds: []loop.Feed{feed}, Log: r.cfg.Log}.Run(ctx)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	c, err := r.cfg.Requests.Get(ctx, req.NamespacedName)
	if apierrors.IsNotFound(err) {
		return reconcile.Result{}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	if at, done := doneAt(c); done {
		if left := at.Add(kept).Sub(r.cfg.Now()); left > 0 {
			return reconcile.Result{RequeueAfter: left}, nil
		}
		err := r.cfg.Requests.Delete(ctx, req.NamespacedName)
		if apierrors.IsNotFound(err) {
			err = nil
		}
		return reconcile.Result{}, err
	}
	made, failed := r.carryOut(ctx, req.NamespacedName, c)
	if ctx.Err() != nil {
		return reconcile.Result{}, ctx.Err() // the daemon ends, and the request with it
	}
	return reconcile.Result{}, r.finish(context.WithoutCancel(ctx), req.NamespacedName, made, failed)
}

func doneAt(c *containers.ContainerCreate) (time.Time, bool) {
	for _, name := range []string{containers.ConditionComplete, containers.ConditionFailed} {
		if is := condition.Get(c.Status.Conditions, name); is.Status == metav1.ConditionTrue {
			return is.LastTransitionTime.Time, true
		}
	}
	return time.Time{}, false
}

// outcome is what became of a request.
type outcome struct {
	id       string
	warnings []string
}

// carryOut is not repeated, whatever comes of it: a container too many does more harm than a request that failed.
func (r *Reconciler) carryOut(ctx context.Context, key types.NamespacedName, c *containers.ContainerCreate) (out outcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	eng, err := r.cfg.Locate(ctx, key.Namespace)
	if err != nil {
		return out, err
	}
	if c.Spec.Pull == containers.PullAlways {
		if err := r.pull(ctx, key, eng, c.Spec.Image); err != nil {
			return out, err
		}
	}
	out.id, out.warnings, err = eng.CreateContainer(ctx, &c.Spec)
	if errors.Is(err, engine.ErrNotFound) && (c.Spec.Pull == "" || c.Spec.Pull == containers.PullMissing) && engine.IsImageMissing(err) {
		if err := r.pull(ctx, key, eng, c.Spec.Image); err != nil {
			return out, err
		}
		out.id, out.warnings, err = eng.CreateContainer(ctx, &c.Spec)
	}
	if err != nil || !c.Spec.Start {
		return out, err
	}
	return out, eng.StartContainer(ctx, out.id)
}

func (r *Reconciler) pull(ctx context.Context, key types.NamespacedName, eng Engine, image string) error {
	told := ""
	tell := func(progress string) {
		if progress == told {
			return
		}
		told = progress
		_, err := r.cfg.Requests.UpdateStatus(ctx, key, func(c *containers.ContainerCreate) error {
			c.Status.Progress = progress
			return nil
		})
		if err != nil {
			r.cfg.Log.Debug("Progress was not told", "request", key.Name, "error", err)
		}
	}
	tell("Pulling " + image)
	return eng.PullImage(ctx, image, tell)
}

func (r *Reconciler) finish(ctx context.Context, key types.NamespacedName, made outcome, failed error) error {
	done := metav1.Condition{Type: containers.ConditionComplete, Status: metav1.ConditionTrue, Reason: "Created", Message: "The container is made."}
	if failed != nil {
		done = metav1.Condition{Type: containers.ConditionFailed, Status: metav1.ConditionTrue, Reason: "EngineRefused", Message: failed.Error()}
	}
	_, err := r.cfg.Requests.UpdateStatus(ctx, key, func(c *containers.ContainerCreate) error {
		c.Status.ContainerID, c.Status.Warnings, c.Status.Progress = made.id, made.warnings, ""
		condition.Set(&c.Status.Conditions, done, r.cfg.Now())
		return nil
	})
	if apierrors.IsNotFound(err) {
		return nil // nobody wants to know
	}
	return err
}
