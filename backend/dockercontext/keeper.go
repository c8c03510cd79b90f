package dockercontext

import (
	"context"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/api/store"
)

// Condition is the type of the condition on App that says what became of the context. Nothing waits for it.
const Condition = "DockerContext"

// The condition's reasons.
const (
	ReasonOffered  = "Offered"
	ReasonSwitched = "Switched"
	ReasonStopped  = "Stopped"
	ReasonRefused  = "Refused"
)

// retry is how soon something that failed is tried again; the user may have mended it.
const retry = 15 * time.Second

// Config is what a Keeper needs. All fields are required.
type Config struct {
	// Place finds the context; it is asked once.
	Place func() (Place, error)
	Apps  store.Store[appv1.App, *appv1.App]
	Log   *slog.Logger
}

// Keeper has a context made while the engine is ready, and removed when it is not.
type Keeper struct {
	cfg Config
}

// New makes a Keeper; Run runs it.
func New(cfg Config) *Keeper { return &Keeper{cfg: cfg} }

// Run keeps the context until ctx ends, and takes it away then. What goes wrong is reported on App: it is no reason to
// stop the engine, so Run returns nil.
func (k *Keeper) Run(ctx context.Context) error {
	place, err := k.cfg.Place()
	if err != nil {
		k.cfg.Log.Warn("There will be no docker context", "error", err)
		return nil
	}
	r := &run{Keeper: k, place: place}
	// An earlier daemon may have been killed.
	if err := place.Withdraw(); err != nil {
		k.cfg.Log.Warn("The docker context of an earlier daemon is left", "error", err)
	}
	for ctx.Err() == nil {
		r.follow(ctx)
	}
	if err := place.Withdraw(); err != nil {
		k.cfg.Log.Warn("The docker context is left", "error", err)
	}
	return nil
}

// run is what one Run knows.
type run struct {
	*Keeper
	place Place
	have  string // the endpoint that is offered
	stale bool   // what was done failed, and is to be done again
	said  metav1.Condition
}

// follow does what App's conditions ask for until ctx ends, the watch breaks, or it is time to try again.
func (r *run) follow(ctx context.Context) {
	pause := time.NewTimer(retry)
	defer pause.Stop()
	w, err := r.cfg.Apps.Watch(ctx, "")
	if err != nil {
		r.cfg.Log.Warn("App cannot be watched for the docker context", "error", err)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		return
	}
	defer w.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
			if r.said.Reason == ReasonRefused {
				r.stale = true
				return // the new watch gives the App again
			}
			pause.Reset(retry)
		case e, ok := <-w.ResultChan():
			if !ok {
				return
			}
			if a, ok := e.Object.(*appv1.App); ok && a.Name == appv1.AppName {
				r.serve(ctx, a)
			}
		}
	}
}

// serve makes the context what this App asks for, and says so on App.
func (r *run) serve(ctx context.Context, a *appv1.App) {
	want := endpoint(a)
	if want != r.have || r.stale || r.said.Reason == "" {
		r.have, r.stale = want, false
		r.said = r.apply(ctx, want)
	}
	r.said.ObservedGeneration = a.Generation
	if said := condition.Get(a.Status.Conditions, Condition); said.Reason == r.said.Reason && said.Message == r.said.Message && said.ObservedGeneration >= a.Generation {
		return
	}
	_, err := r.cfg.Apps.UpdateStatus(ctx, types.NamespacedName{Name: appv1.AppName}, func(now *appv1.App) error {
		condition.Set(&now.Status.Conditions, r.said, time.Now())
		return nil
	})
	if err != nil && !apierrors.IsNotFound(err) && ctx.Err() == nil {
		r.cfg.Log.Warn("App does not say what became of the docker context", "error", err)
	}
}

func (r *run) apply(ctx context.Context, want string) metav1.Condition {
	c := metav1.Condition{Type: Condition, Status: metav1.ConditionFalse, Reason: ReasonStopped, Message: "It is made when the engine is ready."}
	var err error
	switched := false
	if want == "" {
		err = r.place.Withdraw()
	} else {
		switched, err = r.place.Offer(ctx, want)
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, ReasonOffered, "docker --context "+r.place.Name+" reaches the engine."
	}
	switch {
	case err != nil:
		if r.said.Message != err.Error() { // it is tried again and again
			r.cfg.Log.Warn("The docker context is not as it should be", "error", err)
		}
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, ReasonRefused, err.Error()
	case switched:
		c.Reason, c.Message = ReasonSwitched, "docker reaches the engine: its own current context was missing or did not work, and is put back later."
	}
	return c
}

// endpoint is where docker should find the engine; it is empty while there is none to find. It does not wait for the
// mirror: the engine answers, and `docker` should find it as soon as anybody is told so, also while the mirror reconnects.
func endpoint(a *appv1.App) string {
	wanted := a.DeletionTimestamp == nil && a.Spec.Running
	if !wanted || !condition.IsTrue(a.Status.Conditions, appv1.ConditionRunning) || a.Status.Engine == nil {
		return ""
	}
	return a.Status.Engine.Endpoint
}
