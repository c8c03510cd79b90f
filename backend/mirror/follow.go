package mirror

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
)

// act is what App asks of the mirror.
type act int

const (
	actMirror  act = iota // mirror the engine
	actKeep               // the machine is away and nobody asked for that: what is known stays
	actEmpty              // the user stopped it
	actNothing            // it runs, and has nothing to mirror
)

// wish is App's, decided on one generation of it.
type wish struct {
	act        act
	target     target
	generation int64
}

// decide reads the mirror's task from App. A nil App is one that was deleted.
func decide(a *app.App, namespace string) wish {
	if a == nil || !a.DeletionTimestamp.IsZero() {
		return wish{act: actEmpty, target: target{namespace: namespace}}
	}
	w := wish{act: actKeep, target: target{namespace: a.Spec.Namespace}, generation: a.Generation}
	machine := condition.Get(a.Status.Conditions, app.ConditionRunning)
	switch {
	case !a.Spec.Running, machine.Reason == app.ReasonStopping, machine.Reason == app.ReasonStopped:
		w.act = actEmpty
	case a.Spec.ContainerEngine.Name == app.EngineContainerd:
		w.act = actNothing
	case machine.Status == metav1.ConditionTrue && a.Status.Engine != nil && a.Status.Engine.Endpoint != "":
		w.act = actMirror
		w.target.endpoint = a.Status.Engine.Endpoint
	}
	return w
}

// follow watches App and obeys until ctx ends.
func (m *Mirror) follow(ctx context.Context) {
	namespace := ""
	for {
		err := m.followOnce(ctx, &namespace)
		if ctx.Err() != nil {
			return
		}
		m.cfg.Log.Warn("The watch of App ended; it begins again", "error", err)
		if !sleep(ctx, time.Second) {
			return
		}
	}
}

func (m *Mirror) followOnce(ctx context.Context, namespace *string) error {
	w, err := m.cfg.Apps.Watch(ctx, "")
	if err != nil {
		return fmt.Errorf("watch App: %w", err)
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		a, ok := e.Object.(*app.App)
		switch {
		case e.Type == watch.Error:
			return apierrors.FromObject(e.Object)
		case e.Type == watch.Bookmark || !ok || a.Name != app.AppName:
			continue
		case e.Type == watch.Deleted:
			a = nil
		default:
			// What has happened meanwhile counts, not each step towards it: obeying may have taken a while.
			if a, err = m.cfg.Apps.Get(ctx, types.NamespacedName{Name: app.AppName}); apierrors.IsNotFound(err) {
				a = nil
			} else if err != nil {
				return fmt.Errorf("read App: %w", err)
			}
		}
		if a != nil {
			*namespace = a.Spec.Namespace
		}
		if *namespace == "" {
			continue
		}
		if err := m.obey(ctx, decide(a, *namespace)); err != nil {
			return err
		}
	}
	return fmt.Errorf("watch App: the channel was closed")
}

// sleep waits, and says whether ctx still lives.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
