package app

import (
	"context"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/vm"
)

// hasty changes the spec right after it was read.
type hasty struct {
	store.Store[app.App, *app.App]
}

func (h hasty) Get(ctx context.Context, key types.NamespacedName) (*app.App, error) {
	a, err := h.Store.Get(ctx, key)
	if err != nil {
		return nil, err
	}
	_, err = h.Update(ctx, key, func(a *app.App) error {
		a.Spec.Running = !a.Spec.Running
		return nil
	})
	return a, err
}

func TestDecisionOnAnOutdatedWishIsNeitherWrittenNorDone(t *testing.T) {
	apps := apitest.New(t).Apps()
	cfg := Config{
		Apps: apps, DefaultProvider: func(context.Context) app.Provider { return app.ProviderNative },
		Timing: DefaultTiming(), Log: apitest.Log(t),
	}
	if err := New(cfg).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	cfg.Apps = hasty{apps}
	r := New(cfg)
	if _, err := r.Reconcile(t.Context(), request()); err != nil {
		t.Fatal(err)
	}
	if m := r.machine.look(); m.phase != unseen {
		t.Errorf("the machine was told to do something: it is %s", m.phase)
	}
	a, err := apps.Get(t.Context(), key())
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Status.Conditions) != 0 {
		t.Errorf("conditions were written: %+v", a.Status.Conditions)
	}
}

func TestOrderIsVoidOnceTheMachineHasMovedOn(t *testing.T) {
	m := newMachine(Config{Timing: DefaultTiming(), Log: apitest.Log(t)})
	seen := sight{phase: up, endpoint: "unix:///docker.sock"}
	m.sight = seen.observed(vm.State{Phase: vm.Crashed}, time.Minute, time.Now())
	m.obey(stop, wish{}, seen, time.Now())
	if now := m.look(); now.phase != crashed {
		t.Errorf("the machine is %s, and has crashed since the order was decided on", now.phase)
	}
	m.obey(stop, wish{}, m.look(), time.Now())
	if now := m.look(); now.phase != stopping {
		t.Errorf("the machine is %s after an order", now.phase)
	}
}
