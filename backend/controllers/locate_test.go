package controllers

import (
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestEngineIsFoundOnlyWhileItIsReady(t *testing.T) {
	ready := func(a *appv1.App) {
		a.Spec.Running = true
		a.Status.Engine = &appv1.EngineStatus{Endpoint: "unix:///docker.sock"}
		for _, name := range []string{appv1.ConditionRunning, appv1.ConditionContainerEngineReady} {
			condition.Set(&a.Status.Conditions, metav1.Condition{Type: name, Status: metav1.ConditionTrue, Reason: "Test"}, time.Now())
		}
	}
	not := func(name, reason string) func(a *appv1.App) {
		return func(a *appv1.App) {
			condition.Set(&a.Status.Conditions, metav1.Condition{Type: name, Status: metav1.ConditionFalse, Reason: reason}, time.Now())
		}
	}
	tests := map[string]struct {
		change    func(a *appv1.App)
		namespace string
		noApp     bool
		words     string // of the error; empty if there is to be none
	}{
		"ready":        {change: func(*appv1.App) {}},
		"no App":       {noApp: true, words: startIt},
		"stopped":      {change: func(a *appv1.App) { a.Spec.Running = false; a.Status = appv1.AppStatus{} }, words: startIt},
		"reconnecting": {change: not(appv1.ConditionContainerEngineReady, appv1.ReasonReconnecting), words: waitFor},
		"crashed":      {change: not(appv1.ConditionRunning, appv1.ReasonCrashed), words: waitFor},
		"given up": {change: func(a *appv1.App) {
			not(appv1.ConditionRunning, appv1.ReasonCrashed)(a)
			not(appv1.ConditionSettled, appv1.ReasonFailed)(a)
		}, words: lookAt},
		"no endpoint":       {change: func(a *appv1.App) { a.Status.Engine = nil }, words: waitFor},
		"another namespace": {change: func(*appv1.App) {}, namespace: "other", words: `No engine is mirrored into the namespace "other": use "berth".`},
		"a bad endpoint": {
			change: func(a *appv1.App) { a.Status.Engine.Endpoint = "ssh://there" },
			words:  "the engine at ssh://there is reached over ssh, which this version cannot do yet: use unix:// or tcp://",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			apps := apitest.New(t).Apps()
			engines := engine.NewPool(engine.Dial)
			t.Cleanup(func() { _ = engines.Close() })
			if !tt.noApp {
				a := &appv1.App{ObjectMeta: metav1.ObjectMeta{Name: appv1.AppName}}
				a.Spec.Namespace = apitest.Namespace
				a.Spec.ContainerEngine.Provider = appv1.ProviderNative
				a.Spec.ContainerEngine.Name = appv1.EngineMoby
				ready(a)
				tt.change(a)
				if _, err := apps.Create(t.Context(), a); err != nil {
					t.Fatal(err)
				}
			}
			if tt.namespace == "" {
				tt.namespace = apitest.Namespace
			}
			got, err := locator{apps: apps, engines: engines}.engine(t.Context(), tt.namespace)
			switch {
			case tt.words == "" && (err != nil || got.Endpoint() != "unix:///docker.sock"):
				t.Errorf("engine() = %v, %v", got, err)
			case tt.words != "" && (err == nil || err.Error() != tt.words || !errors.Is(err, mirrored.ErrAway)):
				t.Errorf("engine() = %v, want %q", err, tt.words)
			}
		})
	}
}
