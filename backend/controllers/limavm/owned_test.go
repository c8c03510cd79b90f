package limavm_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/limavm"
	"github.com/berth-desktop/berth/vm"
)

func (w *world) owned(v app.VM) *limavm.Owned {
	w.t.Helper()
	a := &app.App{ObjectMeta: metav1.ObjectMeta{Name: app.AppName}}
	app.SetDefaults_AppSpec(&a.Spec)
	if _, err := w.apps.Create(context.Background(), a); err != nil && !apierrors.IsAlreadyExists(err) {
		w.t.Fatal(err)
	}
	return limavm.NewOwned(limavm.OwnerConfig{Machines: w.machines, Apps: w.apps, VM: v, Render: func(v app.VM) (limavm.Rendering, error) {
		text := "cpus " + string(rune('0'+v.CPUs))
		return limavm.Rendering{Template: []byte(text), Shape: text}, nil
	}})
}

func TestAppDrivesItsMachineThroughTheObject(t *testing.T) {
	inWorld(t, func(w *world) {
		ctx := context.Background()
		d := w.owned(app.VM{CPUs: 1})
		if s, err := d.Inspect(ctx); err != nil || s.Phase != vm.Absent {
			t.Errorf("before: %+v, %v", s, err)
		}
		var steps []string
		start := func(d *limavm.Owned) error {
			return errors.Join(d.Create(ctx), d.Start(ctx, func(s vm.Step) { steps = append(steps, s.Name) }))
		}
		if err := start(d); err != nil {
			t.Fatal(err)
		}
		if s, err := d.Inspect(ctx); err != nil || s.Phase != vm.Running || s.Endpoint == "" || !slices.Contains(steps, "Booting the machine") {
			t.Errorf("up: %+v, %v, steps %q", s, err, steps)
		}
		w.house.crash()
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		if s, err := d.Inspect(ctx); err != nil || s.Phase != vm.Crashed || s.Failure == nil {
			t.Errorf("crashed: %+v, %v", s, err)
		}
		w.called("create", "create", "start") // App counts its crashes, not the keeper
		if err := start(d); err != nil {
			t.Fatal(err)
		}
		if err := d.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		if err := start(w.owned(app.VM{CPUs: 2})); err != nil {
			t.Fatal(err)
		}
		m, err := w.machines.Get(ctx, types.NamespacedName{Namespace: app.DefaultNamespace, Name: lima.AppMachine})
		if err != nil || metav1.GetControllerOf(m) == nil || m.Status.RestartCount != 1 || m.Spec.Template != "cpus 2" {
			t.Errorf("%+v, %v", m, err)
		}
		if err := d.Delete(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

func TestOwnersStartThatFailsSaysWhyAndCanBeTriedAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		ctx := context.Background()
		d := w.owned(app.VM{CPUs: 1})
		for _, step := range []string{"create", "start"} {
			w.house.fail(step, &vm.Failure{Message: "No room.", Hint: "Make some."})
			err := d.Create(ctx)
			if err == nil {
				err = d.Start(ctx, nil)
			}
			if f := vm.FailureOf(err); f.Message != "No room." || f.Hint != "Make some." {
				t.Errorf("%s: %v", step, err)
			}
			w.house.fail(step, nil)
		}
		if err := errors.Join(d.Create(ctx), d.Start(ctx, nil)); err != nil {
			t.Fatal(err)
		}
	})
}
