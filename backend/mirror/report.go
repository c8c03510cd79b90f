package mirror

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/engine"
)

// state is what the mirror has to say on App.
type state struct {
	reason, message string
	generation      int64        // of App, on which the state was decided; a session leaves it alone
	engine          *engine.Info // nil where there is none
	syncedAt        time.Time
	step            *app.StartupStep // nil where no start is on its way
}

func stopped() state { return state{reason: app.ReasonStopped, message: "Docker is not running."} }

func notApplicable() state {
	return state{reason: app.ReasonNotApplicable, message: "Berth shows what Docker has. containerd was chosen instead, so there is nothing to show: choose moby to see containers."}
}

// connecting begins a session, and with it the step that people watch.
func (s state) connecting(rows bool) state {
	s.reason, s.message = app.ReasonConnecting, "Connecting to Docker."
	if rows {
		s.reason = app.ReasonReconnecting
	}
	s.step = &app.StartupStep{Name: app.StepReadingContainers, State: app.StepActive, StartedAt: nowMicro()}
	return s
}

// nowMicro is now, as precise as the API keeps it.
func nowMicro() metav1.MicroTime { return metav1.NewMicroTime(time.Now().Truncate(time.Microsecond)) }

// away is the state while the machine is not there and was not stopped.
func (s state) away(rows bool) state {
	if !rows {
		return stopped()
	}
	s.reason, s.message, s.step = app.ReasonReconnecting, "Docker is away. What is shown is what was last known.", nil
	return s
}

// lost is the state after a connection broke, or was never made.
func (s state) lost(err error, endpoint string) state {
	if s.reason == app.ReasonConnecting || s.reason == app.ReasonConnectFailed {
		s.reason = app.ReasonConnectFailed
		s.message = fmt.Sprintf("Docker does not answer at %s: %v. Berth keeps trying.", endpoint, err)
		return s
	}
	s.reason = app.ReasonReconnecting
	s.message = fmt.Sprintf("The connection to Docker is lost: %v. What is shown is what was last known; Berth keeps trying.", err)
	return s
}

func (s state) connected(info engine.Info) state {
	s.reason, s.message = app.ReasonConnected, "Connected to Docker "+info.Version+"."
	s.engine = &info
	if s.step != nil && s.step.State == app.StepActive {
		step, now := *s.step, nowMicro()
		step.State, step.FinishedAt = app.StepDone, &now
		s.step = &step
	}
	return s
}

// progress tells how far the first read is.
func (s state) progress(done, all int) state {
	if s.step != nil && s.step.State == app.StepActive {
		step := *s.step
		step.Message = fmt.Sprintf("%d/%d", done, all)
		s.step = &step
	}
	return s
}

// reporter writes the mirror's part of App. States may follow one another faster than they are written: the newest
// counts.
type reporter struct {
	apps store.Store[app.App, *app.App]
	log  *slog.Logger
	wake chan struct{}

	mu    sync.Mutex // guards state
	state state
}

func newReporter(apps store.Store[app.App, *app.App], log *slog.Logger) *reporter {
	return &reporter{apps: apps, log: log, wake: make(chan struct{}, 1)}
}

// set changes the state and has it written.
func (r *reporter) set(change func(*state)) {
	r.mu.Lock()
	change(&r.state)
	r.mu.Unlock()
	r.signal()
}

func (r *reporter) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run writes until ctx ends. A write that fails is tried again: nobody else would say it.
func (r *reporter) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		r.mu.Lock()
		s := r.state
		r.mu.Unlock()
		if s.generation == 0 {
			continue // nothing has been decided yet
		}
		_, err := r.apps.UpdateStatus(ctx, types.NamespacedName{Name: app.AppName}, func(a *app.App) error {
			s.write(a)
			return nil
		})
		if err == nil || apierrors.IsNotFound(err) {
			continue
		}
		if ctx.Err() == nil {
			r.log.Warn("App could not be told of the engine's state; it is tried again", "error", err)
		}
		if !sleep(ctx, time.Second) {
			return
		}
		r.signal()
	}
}

// write puts the state into App's status, and touches nothing that is not the mirror's.
func (s state) write(a *app.App) {
	ready := metav1.ConditionFalse
	if s.reason == app.ReasonConnected {
		ready = metav1.ConditionTrue
	}
	condition.Set(&a.Status.Conditions, metav1.Condition{
		Type: app.ConditionContainerEngineReady, Status: ready, Reason: s.reason, Message: s.message, ObservedGeneration: s.generation,
	}, time.Now())
	if e := a.Status.Engine; e != nil {
		e.Version, e.APIVersion, e.Platform, e.StorageDriver, e.SyncedAt = "", "", "", "", nil
		if s.engine != nil {
			e.Version, e.APIVersion, e.Platform, e.StorageDriver = s.engine.Version, s.engine.APIVersion, s.engine.Platform, s.engine.StorageDriver
		}
		if !s.syncedAt.IsZero() {
			e.SyncedAt = &metav1.Time{Time: s.syncedAt.Truncate(time.Second)}
		}
	}
	if s.step == nil || a.Status.Startup == nil {
		return
	}
	for i := range a.Status.Startup.Steps {
		if a.Status.Startup.Steps[i].Name == s.step.Name {
			median := a.Status.Startup.Steps[i].MedianMillis // the App reconciler knows it
			a.Status.Startup.Steps[i] = *s.step
			a.Status.Startup.Steps[i].MedianMillis = median
			return
		}
	}
	a.Status.Startup.Steps = append(a.Status.Startup.Steps, *s.step)
}
