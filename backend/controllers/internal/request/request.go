// Package request reconciles the kinds that ask for something once: each request is carried out a single time, tells how
// far it has come, is ended by its deletion, and is collected a while after it is done with.
package request

import (
	"context"
	"log/slog"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
)

const (
	// kept is how long a request stays after it is done with, so that whoever asked can read how it went.
	kept = time.Minute
	// deadline ends one that an engine does not answer; a pull may take long.
	deadline = time.Hour
	workers  = 4
	// beat is the time between two tellings of progress, at least.
	beat = 250 * time.Millisecond
)

// Outcome is what became of a request: the condition that says so, and what else its status is to hold then.
type Outcome[P any] struct {
	Condition metav1.Condition
	Apply     func(P)
}

// Ended is the outcome of a request that an engine has carried out, for this reason and with this message, or has refused.
func Ended[P any](reason, message string, err error, apply func(P)) Outcome[P] {
	end := metav1.Condition{Type: containers.ConditionComplete, Status: metav1.ConditionTrue, Reason: reason, Message: message}
	if err != nil {
		end = metav1.Condition{Type: containers.ConditionFailed, Status: metav1.ConditionTrue, Reason: containers.ReasonEngineRefused, Message: err.Error()}
	}
	return Outcome[P]{Condition: end, Apply: apply}
}

// Tell says how far a request has come, by a change of its status. It does not wait, and of several within a beat the
// last is told.
type Tell[P any] func(change func(P))

// Config is what a Reconciler needs. All fields are required.
type Config[T any, P store.Object[T]] struct {
	Name     string
	Requests store.Store[T, P]
	// Conditions are those of a request's status.
	Conditions func(P) *[]metav1.Condition
	// CarryOut does what is asked. Its context ends with the daemon, the deadline, or the request's deletion.
	CarryOut func(ctx context.Context, req P, tell Tell[P]) Outcome[P]
	// Now is the clock by which requests are collected.
	Now func() time.Time
	Log *slog.Logger
}

// Reconciler reconciles the requests of one kind.
type Reconciler[T any, P store.Object[T]] struct {
	cfg Config[T, P]

	mu      sync.Mutex // guards running
	running map[types.UID]context.CancelFunc
}

// New makes a Reconciler; Run runs it.
func New[T any, P store.Object[T]](cfg Config[T, P]) *Reconciler[T, P] {
	return &Reconciler[T, P]{cfg: cfg, running: map[types.UID]context.CancelFunc{}}
}

// Run reconciles until ctx ends.
func (r *Reconciler[T, P]) Run(ctx context.Context) error {
	feed := loop.Watch(r.cfg.Requests, loop.Handler[P]{
		Changed: func(req P, add loop.Add) { add(loop.Of(req)) },
		Gone:    func(req P, _ loop.Add) { r.cancel(req.GetUID()) },
	}, r.cfg.Log)
	return loop.Loop{Name: r.cfg.Name, Reconciler: r, Workers: workers, Feeds: []loop.Feed{feed}, Log: r.cfg.Log}.Run(ctx)
}

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler[T, P]) Reconcile(ctx context.Context, key reconcile.Request) (reconcile.Result, error) {
	req, err := r.cfg.Requests.Get(ctx, key.NamespacedName)
	if apierrors.IsNotFound(err) {
		return reconcile.Result{}, nil
	}
	if err != nil {
		return reconcile.Result{}, err
	}
	if at, done := r.doneAt(req); done {
		if left := at.Add(kept).Sub(r.cfg.Now()); left > 0 {
			return reconcile.Result{RequeueAfter: left}, nil
		}
		err := r.cfg.Requests.Delete(ctx, key.NamespacedName)
		if apierrors.IsNotFound(err) {
			err = nil
		}
		return reconcile.Result{}, err
	}
	out := r.carryOut(ctx, key.NamespacedName, req)
	// The API outlives its reconcilers by a moment, so that who waits is told even when the daemon ends.
	return reconcile.Result{}, r.finish(context.WithoutCancel(ctx), key.NamespacedName, req.GetUID(), out)
}

func (r *Reconciler[T, P]) doneAt(req P) (time.Time, bool) {
	for _, name := range []string{containers.ConditionComplete, containers.ConditionFailed} {
		if is := condition.Get(*r.cfg.Conditions(req), name); is.Status == metav1.ConditionTrue {
			return is.LastTransitionTime.Time, true
		}
	}
	return time.Time{}, false
}

// carryOut is not repeated, whatever comes of it: done twice does more harm than a request that failed.
func (r *Reconciler[T, P]) carryOut(ctx context.Context, key types.NamespacedName, req P) Outcome[P] {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	uid := req.GetUID()
	r.mu.Lock()
	r.running[uid] = cancel
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		delete(r.running, uid)
		r.mu.Unlock()
	}()
	if _, err := r.cfg.Requests.Get(ctx, key); apierrors.IsNotFound(err) {
		cancel() // it went before its deletion could be heard of
	}
	t := teller[P]{fresh: make(chan struct{}, 1)}
	told := make(chan struct{})
	quiet := make(chan struct{})
	go func() {
		defer close(told)
		t.run(quiet, func(change func(P)) { r.tell(ctx, key, uid, change) })
	}()
	defer func() {
		close(quiet)
		<-told
	}()
	return r.cfg.CarryOut(ctx, req, t.tell)
}

func (r *Reconciler[T, P]) cancel(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel, is := r.running[uid]; is {
		cancel()
	}
}

func (r *Reconciler[T, P]) tell(ctx context.Context, key types.NamespacedName, uid types.UID, change func(P)) {
	_, err := r.cfg.Requests.UpdateStatus(ctx, key, func(req P) error {
		if req.GetUID() == uid {
			change(req)
		}
		return nil
	})
	if err != nil {
		r.cfg.Log.Debug("Progress was not told", "request", key.Name, "error", err)
	}
}

func (r *Reconciler[T, P]) finish(ctx context.Context, key types.NamespacedName, uid types.UID, out Outcome[P]) error {
	_, err := r.cfg.Requests.UpdateStatus(ctx, key, func(req P) error {
		if req.GetUID() != uid {
			return nil // another one of that name
		}
		if out.Apply != nil {
			out.Apply(req)
		}
		condition.Set(r.cfg.Conditions(req), out.Condition, r.cfg.Now())
		return nil
	})
	if apierrors.IsNotFound(err) {
		return nil // nobody wants to know
	}
	return err
}
