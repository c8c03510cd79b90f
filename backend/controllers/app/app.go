// Package app reconciles the one App: it starts, stops, changes and revives the machine that houses the engine, and
// says on App how that goes. The part of App's status that speaks of the connection to the engine is the mirror's.
//
// Reconcile only decides (decide.go) and writes (render.go), on what is known at the moment. What takes time is done by
// the machine, in a goroutine of its own.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/vm"
)

// errOutdated ends a write of what was decided on a wish that is no more.
var errOutdated = errors.New("the wish was changed meanwhile")

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Apps store.Store[app.App, *app.App]
	// Drivers makes the driver of the machine that an engine lives in. It touches nothing yet.
	Drivers func(app.ContainerEngine) (vm.Driver, error)
	// DefaultProvider is the provider of an App that nobody has made yet.
	DefaultProvider func(context.Context) app.Provider
	Timing          Timing
	Log             *slog.Logger
}

// Reconciler reconciles App.
type Reconciler struct {
	cfg     Config
	machine *machine

	// leaving is when it was first seen that the machine is not wanted; zero while it is. Of the one worker.
	leaving time.Time
}

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return &Reconciler{cfg: cfg, machine: newMachine(cfg.Drivers, cfg.Timing, cfg.Log)}
}

// Prepare makes App if there is none, and takes back what an earlier daemon observed: nobody is to mistake it for the
// truth. It is for before anybody can read App.
func (r *Reconciler) Prepare(ctx context.Context) error {
	if err := r.create(ctx); err != nil {
		return err
	}
	return r.forget(ctx)
}

// Run reconciles until ctx ends. Then it stops the machine and returns.
func (r *Reconciler) Run(ctx context.Context) error {
	err := r.run(ctx)
	// App outlives the daemon, in a file. What it says is to be true there as well.
	if forgetErr := r.forget(context.WithoutCancel(ctx)); forgetErr != nil {
		r.cfg.Log.Warn("App still says what was so before the daemon ended", "error", forgetErr)
	}
	return err
}

func (r *Reconciler) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.machine.Run(ctx) })
	g.Go(func() error {
		return loop.Loop{
			Name:       "app",
			Reconciler: r,
			Workers:    1,
			Feeds: []loop.Feed{
				loop.Watch(r.cfg.Apps, loop.Handler[*app.App]{
					Changed: func(_ *app.App, add loop.Add) { add(request()) },
					Gone:    func(_ *app.App, add loop.Add) { add(request()) },
					Synced:  func(add loop.Add) { add(request()) }, // there may be none yet
				}, r.cfg.Log),
				r.changes,
			},
			Log: r.cfg.Log,
		}.Run(ctx)
	})
	return g.Wait()
}

// changes feeds from what the machine does.
func (r *Reconciler) changes(ctx context.Context, add loop.Add) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.machine.changed:
			add(request())
		}
	}
}

func key() types.NamespacedName { return types.NamespacedName{Name: app.AppName} }

func request() reconcile.Request { return reconcile.Request{NamespacedName: key()} }

// Reconcile implements reconcile.Reconciler. It never waits for the machine.
func (r *Reconciler) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	a, err := r.cfg.Apps.Get(ctx, key())
	switch {
	case apierrors.IsNotFound(err):
		return reconcile.Result{}, r.create(ctx) // which wakes us
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("read App: %w", err)
	case a.DeletionTimestamp != nil:
		return reconcile.Result{}, nil // it is made anew once it is gone
	}
	v := r.view(a)
	o, again := v.decide()
	seen := v.machine
	// What was decided is written before it is done: nobody is to see the machine do what App does not say.
	v.machine = seen.ordered(o, v.wish, len(r.cfg.Timing.Backoff), v.now)
	_, err = r.cfg.Apps.UpdateStatus(ctx, key(), func(now *app.App) error {
		if wishOf(now) != v.wish {
			return errOutdated
		}
		v.ready = readySince(now, v.wish.generation)
		v.write(&now.Status)
		return nil
	})
	switch {
	case errors.Is(err, errOutdated), apierrors.IsNotFound(err):
		return reconcile.Result{}, nil // the change that made it so wakes us
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("write what App has come to: %w", err)
	}
	r.machine.obey(o, v.wish, seen, v.now)
	return reconcile.Result{RequeueAfter: again}, nil
}

// view gathers what a decision depends on.
func (r *Reconciler) view(a *app.App) view {
	v := view{wish: wishOf(a), machine: r.machine.look(), now: time.Now(), timing: r.cfg.Timing}
	v.ready = readySince(a, v.wish.generation)
	switch {
	case !v.leaves():
		r.leaving = time.Time{}
	case r.leaving.IsZero():
		r.leaving = v.now
	}
	v.leaving = r.leaving
	return v
}

// create makes App if there is none.
func (r *Reconciler) create(ctx context.Context) error {
	if _, err := r.cfg.Apps.Get(ctx, key()); !apierrors.IsNotFound(err) {
		return err
	}
	a := &app.App{ObjectMeta: metav1.ObjectMeta{Name: app.AppName}}
	a.Spec.ContainerEngine.Provider = r.cfg.DefaultProvider(ctx)
	app.SetDefaults_AppSpec(&a.Spec)
	if _, err := r.cfg.Apps.Create(ctx, a); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("make App: %w", err)
	}
	return nil
}

// forget takes back what was observed, by whomever: it is so no more.
func (r *Reconciler) forget(ctx context.Context) error {
	_, err := r.cfg.Apps.UpdateStatus(ctx, key(), func(a *app.App) error {
		a.Status.Conditions, a.Status.Engine = nil, nil
		return nil
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("take back what App says of the past: %w", err)
	}
	return nil
}
