// Package loop runs a reconciler: a controller of controller-runtime without its manager, fed by watches of stores.
package loop

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

const (
	// A reconcile that failed is tried again after firstRetry, and then less and less often.
	firstRetry = 50 * time.Millisecond
	lastRetry  = 5 * time.Second
	// quiet makes debug lines of what controller-runtime calls information; its errors stay errors.
	quiet = 4
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// Add puts an object in line for its reconciler. One that waits already is not put there twice.
type Add func(reconcile.Request)

// Feed tells a loop what to reconcile, until ctx ends.
type Feed func(ctx context.Context, add Add)

// Loop runs one reconciler. All fields are required.
type Loop struct {
	Name       string
	Reconciler reconcile.Reconciler
	// Workers is how many objects are reconciled at once. One object is never reconciled twice at once.
	Workers int
	Feeds   []Feed
	Log     *slog.Logger
}

// Run reconciles until ctx ends, and returns when all that it began has ended.
func (l Loop) Run(ctx context.Context) error {
	unchecked := true // names are unique in a process only because metrics want it; tests run many loops
	c, err := controller.NewTypedUnmanaged(l.Name, controller.Options{
		Reconciler:              l.Reconciler,
		MaxConcurrentReconciles: l.Workers,
		SkipNameValidation:      &unchecked,
		RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
		NewQueue:                newQueue,
		Logger:                  logr.FromSlogHandler(l.Log.Handler()).V(quiet),
	})
	if err != nil {
		return fmt.Errorf("make the controller %s: %w", l.Name, err)
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, feed := range l.Feeds {
		// The controller hands out its queue when it starts a source. What a source starts it does not wait for, so
		// the feed runs here.
		handed := make(chan queue, 1)
		err := c.Watch(source.Func(func(_ context.Context, q queue) error {
			handed <- q
			return nil
		}))
		if err != nil {
			return fmt.Errorf("connect the controller %s: %w", l.Name, err)
		}
		g.Go(func() error {
			select {
			case q := <-handed:
				feed(ctx, q.Add)
			case <-ctx.Done():
			}
			return nil
		})
	}
	g.Go(func() error { return c.Start(ctx) })
	return g.Wait()
}

// newQueue makes a queue without a name: a named one keeps metrics that nobody reads.
func newQueue(_ string, limiter workqueue.TypedRateLimiter[reconcile.Request]) queue {
	return workqueue.NewTypedRateLimitingQueueWithConfig(limiter, workqueue.TypedRateLimitingQueueConfig[reconcile.Request]{})
}
