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
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/app/history"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/vm"
)

// errOutdated ends a write of what was decided on a wish that is no more.
var errOutdated = errors.New("the wish was changed meanwhile")

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Apps store.Store[app.App, *app.App]
	// Drivers makes the driver of the machine that an engine lives in. It touches nothing yet.
	Drivers func(app.ContainerEngine, app.VM) (vm.Driver, error)
	// DefaultProvider is the provider of an App that nobody has made yet.
	DefaultProvider func(context.Context) app.Provider
	// Own are the providers whose machines are Berth's: one that an earlier daemon left running while it changed to
	// another is ended.
	Own []app.Provider
	// History remembers how long starts took.
	History *history.History
	Timing  Timing
	Log     *slog.Logger
}

// Reconciler reconciles App.
type Reconciler struct {
	cfg     Config
	machine *machine

	ending atomic.Bool // the daemon ends
	rested chan struct{}

	// Of the one worker.
	leaving  time.Time // when it was first seen that the machine is not wanted; zero while it is
	waiting  time.Time // since when it has been up and not ready; zero while it is neither
	recorded time.Time // when the last start began whose durations are in the history
}

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return &Reconciler{cfg: cfg, machine: newMachine(cfg), rested: make(chan struct{})}
}

// Prepare makes App if there is none, and takes back what an earlier daemon observed: nobody is to mistake it for the
// truth. It is for before anybody can read App.
func (r *Reconciler) Prepare(ctx context.Context) error {
	if err := r.create(ctx); err != nil {
		return err
	}
	return r.forget(ctx)
}

// Run reconciles until ctx ends. Then it stops the machine, as if the user had asked for it, and returns: who watches
// App sees that, and App, which outlives the daemon in a file, is true there as well. The mirror should live longer,
// as it takes its objects away first.
func (r *Reconciler) Run(ctx context.Context) error {
	working, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	g, working := errgroup.WithContext(working)
	g.Go(func() error { return r.machine.Run(working) })
	g.Go(func() error { return r.loop(working) })
	g.Go(func() error {
		defer end()
		select {
		case <-working.Done():
			return nil
		case <-ctx.Done():
		}
		r.ending.Store(true)
		signal(r.machine.changed)
		select {
		case <-working.Done():
		case <-r.rested:
		case <-time.After(r.cfg.Timing.Release + r.cfg.Timing.Stop + r.cfg.Timing.Look):
			r.cfg.Log.Warn("The machine is not at rest, and the daemon ends all the same")
		}
		return nil
	})
	return g.Wait()
}

func (r *Reconciler) loop(ctx context.Context) error {
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
	ending := r.ending.Load()
	v := r.view(a, ending)
	o, again := v.decide()
	seen := v.machine
	// What was decided is written before it is done: nobody is to see the machine do what App does not say.
	v.machine = seen.ordered(o, v.wish, len(r.cfg.Timing.Backoff), v.now)
	written, err := r.cfg.Apps.UpdateStatus(ctx, key(), func(now *app.App) error {
		if wishOf(now, ending) != v.wish {
			return errOutdated
		}
		v.ready = readySince(now, v.wish.generation)
		v.write(&now.Status)
		return nil
	})
	switch {
	case errors.Is(err, errOutdated), apierrors.IsNotFound(err):
		return reconcile.Result{}, nil // the change that made it so wakes us
	case err != nil && ending:
		r.cfg.Log.Warn("App does not say that the machine is stopped, as the daemon ends", "error", err)
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("write what App has come to: %w", err)
	default:
		r.record(v, written)
	}
	r.machine.obey(o, v.wish, seen, v.now)
	if ending && o == nothing && again == 0 && v.machine.rests() {
		r.rest()
	}
	return reconcile.Result{RequeueAfter: again}, nil
}

// view gathers what a decision depends on.
func (r *Reconciler) view(a *app.App, ending bool) view {
	v := view{wish: wishOf(a, ending), machine: r.machine.look(), now: time.Now(), timing: r.cfg.Timing, tail: r.machine.logTail}
	v.ready = readySince(a, v.wish.generation)
	v.median = func(step string) int64 { return r.cfg.History.Median(runOf(v.machine, step)) }
	r.leaving = since(r.leaving, v.leaves(), v.now)
	v.leaving = r.leaving
	r.waiting = since(r.waiting, v.waits(), v.now)
	v.waiting = r.waiting
	return v
}

// since is when something became so: before, if it was so already, now, or never.
func since(before time.Time, so bool, now time.Time) time.Time {
	switch {
	case !so:
		return time.Time{}
	case before.IsZero():
		return now
	}
	return before
}

// rest has Run return. It is called by the one worker.
func (r *Reconciler) rest() {
	select {
	case <-r.rested:
	default:
		close(r.rested)
	}
}

// runOf names a step of a start in the history: what takes long in one house may be quick in another.
func runOf(m sight, step string) string { return string(m.wish.engine.Provider) + "/" + step }

// record remembers how long a start took that has just been completed.
func (r *Reconciler) record(v view, a *app.App) {
	began := v.machine.startup.StartedAt
	if v.settled().reason != app.ReasonSettled || !v.wish.running || r.recorded.Equal(began.Time) || a.Status.Startup == nil {
		return
	}
	r.recorded = began.Time
	took, last := map[string]time.Duration{}, began.Time
	for _, s := range a.Status.Startup.Steps {
		if s.FinishedAt == nil || s.State != app.StepDone {
			continue
		}
		took[runOf(v.machine, s.Name)] = s.FinishedAt.Sub(s.StartedAt.Time)
		if s.FinishedAt.After(last) {
			last = s.FinishedAt.Time
		}
	}
	took[runOf(v.machine, "")] = last.Sub(began.Time)
	if err := r.cfg.History.Add(took); err != nil {
		r.cfg.Log.Warn("The next start will not know how long this one took", "error", err)
	}
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
