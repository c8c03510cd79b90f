package controllers

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

// locator finds the engine that a namespace mirrors.
type locator struct {
	apps    store.Store[appv1.App, *appv1.App]
	engines *engine.Pool
}

// engine gives the namespace's engine, or an error that tells the user what to do first.
func (l locator) engine(ctx context.Context, namespace string) (*engine.Client, error) {
	a, err := l.apps.Get(ctx, types.NamespacedName{Name: appv1.AppName})
	switch {
	case apierrors.IsNotFound(err):
		return nil, mirrored.Away(startIt)
	case err != nil:
		return nil, fmt.Errorf("find the engine of namespace %s: %w", namespace, err)
	case a.Spec.Namespace != namespace:
		return nil, mirrored.Away(fmt.Sprintf("No engine is mirrored into the namespace %q: use %q.", namespace, a.Spec.Namespace))
	}
	at, ready := endpoint(a)
	if !ready {
		return nil, mirrored.Away(advice(a))
	}
	c, err := l.engines.Get(at)
	if err != nil {
		return nil, mirrored.Away(err.Error())
	}
	return c, nil
}

// endpoint is where App's engine answers, and whether it can be asked now.
func endpoint(a *appv1.App) (string, bool) {
	ready := condition.IsTrue(a.Status.Conditions, appv1.ConditionRunning) &&
		condition.IsTrue(a.Status.Conditions, appv1.ConditionContainerEngineReady) &&
		a.Status.Engine != nil && a.Status.Engine.Endpoint != ""
	if !ready {
		return "", false
	}
	return a.Status.Engine.Endpoint, true
}

const (
	startIt = "The engine is not ready. Start it with 'berth start' and try again."
	waitFor = "The engine is not ready yet. Wait until 'berth status' says so and try again."
	lookAt  = "The engine is not ready. See 'berth status' for the reason."
)

// advice is what to do about an engine that is not ready.
func advice(a *appv1.App) string {
	switch {
	case !a.Spec.Running:
		return startIt
	case condition.Get(a.Status.Conditions, appv1.ConditionSettled).Reason == appv1.ReasonFailed:
		return lookAt
	default:
		return waitFor
	}
}
