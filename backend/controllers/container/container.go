// Package container reconciles Containers: it carries the actions, wishes and deletes that users ask of them to the
// engine. What becomes of it is not written here: the mirror observes it.
package container

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

// workers is how many containers are worked on at once. A worker waits for the engine for as long as a container takes
// to stop, and the next container is not to wait for that.
const workers = 64

// urgentWorkers is the same for containers that are to end at once.
const urgentWorkers = 32

// Engine is what is asked of an engine here.
type Engine interface {
	ListContainers(ctx context.Context, ids ...string) ([]engine.ContainerRecord, error)
	StartContainer(ctx context.Context, id string) error
	StopContainer(ctx context.Context, id string) error
	RestartContainer(ctx context.Context, id string) error
	PauseContainer(ctx context.Context, id string) error
	UnpauseContainer(ctx context.Context, id string) error
	KillContainer(ctx context.Context, id string) error
	RemoveContainer(ctx context.Context, id string) error
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Containers store.Store[containers.Container, *containers.Container]
	// Locate gives the engine that a namespace mirrors. Its error is for the user; it is a mirrored.ErrAway where the
	// engine cannot be asked now.
	Locate func(ctx context.Context, namespace string) (Engine, error)
	// Gone is called when a container is no more, or may be. It does not block.
	Gone func()
	Log  *slog.Logger
}

// Reconciler reconciles Containers, in two loops. What ends a container is urgent: it may not wait for a stop that
// takes its time, nor for anything else that is done to the same container.
type Reconciler struct {
	cfg      Config
	waiting  *mirrored.Waiting // wishes
	urgent   *loop.Line
	deletion mirrored.Deletion[containers.Container, *containers.Container]
}

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	r := &Reconciler{cfg: cfg, waiting: mirrored.NewWaiting(), urgent: loop.NewLine()}
	r.deletion = mirrored.Deletion[containers.Container, *containers.Container]{
		Store:      cfg.Containers,
		Waiting:    mirrored.NewWaiting(),
		Bare:       func(c *containers.Container) bool { return c.Status.ID == "" },
		Remove:     r.remove,
		Conditions: func(c *containers.Container) *[]metav1.Condition { return &c.Status.Conditions },
		Log:        cfg.Log,
	}
	return r
}

// Run reconciles until ctx ends.
func (r *Reconciler) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return loop.Loop{
			Name: "container", Reconciler: r, Workers: workers, Log: r.cfg.Log,
			Feeds: []loop.Feed{r.watch(), r.waiting.Feed},
		}.Run(ctx)
	})
	g.Go(func() error {
		return loop.Loop{
			Name: "container end", Reconciler: reconcile.Func(r.end), Workers: urgentWorkers, Log: r.cfg.Log,
			Feeds: []loop.Feed{r.urgent.Feed, r.deletion.Waiting.Feed},
		}.Run(ctx)
	})
	return g.Wait()
}

// watch feeds both loops.
func (r *Reconciler) watch() loop.Feed {
	return loop.Watch(r.cfg.Containers, loop.Handler[*containers.Container]{
		Changed: func(c *containers.Container, add loop.Add) {
			if r.deletion.Due(c) || kills(c) {
				r.urgent.Add(loop.Of(c))
			}
			if asks(c) {
				add(loop.Of(c))
			}
		},
		Gone: func(c *containers.Container, _ loop.Add) {
			r.waiting.Remove(loop.Of(c))
			r.deletion.Waiting.Remove(loop.Of(c))
			r.cfg.Gone()
		},
		Synced: func(loop.Add) { r.cfg.Gone() },
	}, r.cfg.Log)
}

// Retry has what waits for an engine tried again. It does not block.
func (r *Reconciler) Retry() {
	r.waiting.Retry()
	r.deletion.Waiting.Retry()
}

// asks says whether an action or a wish is to be carried out that can wait its turn. Most changes of a container ask
// for nothing, and cost nothing.
func asks(c *containers.Container) bool {
	return c.DeletionTimestamp == nil && !kills(c) && (asked(c) != "" || wishes(c))
}

// kills says whether the end of c is asked for.
func kills(c *containers.Container) bool {
	return c.DeletionTimestamp == nil && asked(c) == containers.ActionKill
}

// asked is the action that is asked of c, if any.
func asked(c *containers.Container) containers.Action {
	return containers.Action(c.Annotations[containers.AnnotationAction])
}

// wishes says whether the wish of c's generation is still to be carried out. A container that nobody ever wished
// anything of is left as it is, status included: the mirror makes thousands of those.
func wishes(c *containers.Container) bool {
	handsOff := c.Spec.State == containers.DesiredUnknown || c.Spec.State == ""
	if handsOff && c.Generation <= 1 || c.Status.ID == "" {
		return false
	}
	return c.Status.ObservedGeneration < c.Generation
}

// Reconcile implements reconcile.Reconciler for actions and wishes.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	c, err := r.cfg.Containers.Get(ctx, req.NamespacedName)
	switch {
	case apierrors.IsNotFound(err):
		r.waiting.Remove(req)
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("read container %s: %w", req.Name, err)
	case !asks(c):
		return reconcile.Result{}, nil
	case asked(c) != "":
		return reconcile.Result{}, r.act(ctx, c, asked(c))
	default:
		return reconcile.Result{}, r.fulfil(ctx, c)
	}
}

// end reconciles deletes and kills.
func (r *Reconciler) end(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	c, err := r.cfg.Containers.Get(ctx, req.NamespacedName)
	switch {
	case apierrors.IsNotFound(err):
		r.deletion.Waiting.Remove(req)
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("read container %s: %w", req.Name, err)
	case mirrored.Deletes(c):
		return r.deletion.CarryOut(ctx, c)
	case kills(c):
		return reconcile.Result{}, r.act(ctx, c, containers.ActionKill)
	default:
		return reconcile.Result{}, nil
	}
}

func (r *Reconciler) remove(ctx context.Context, c *containers.Container) error {
	eng, err := r.cfg.Locate(ctx, c.Namespace)
	if err != nil {
		return err
	}
	return eng.RemoveContainer(ctx, c.Status.ID)
}

// now is the time as the API keeps it: a finer one would differ from its own copy.
func now() metav1.MicroTime { return metav1.NewMicroTime(time.Now().Truncate(time.Microsecond)) }
