package tray

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

// anApp is an App of generation 3 with these conditions, written "Type=Status/Reason[@generation]".
func anApp(running bool, conditions ...string) *appv1.App {
	app := &appv1.App{}
	app.Generation = 3
	app.Spec.Running = running
	app.Spec.ContainerEngine.Name = appv1.EngineMoby
	for _, c := range conditions {
		c, old := strings.CutSuffix(c, "@2")
		kind, rest, _ := strings.Cut(c, "=")
		status, reason, _ := strings.Cut(rest, "/")
		generation := app.Generation
		if old {
			generation = 2
		}
		app.Status.Conditions = append(app.Status.Conditions, metav1.Condition{
			Type: kind, Status: metav1.ConditionStatus(status), Reason: reason, ObservedGeneration: generation,
			Message: "what " + kind + " says",
		})
	}
	return app
}

func with(app *appv1.App, change func(*appv1.App)) *appv1.App {
	change(app)
	return app
}

func TestStateIsReadOffTheApp(t *testing.T) {
	begun := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	startup := func(app *appv1.App) {
		app.Status.Startup = &appv1.StartupStatus{StartedAt: metav1.NewMicroTime(begun), Steps: []appv1.StartupStep{
			{Name: "Preparing folders", State: appv1.StepDone}, {Name: "Starting Docker", State: appv1.StepActive},
		}}
	}
	for name, c := range map[string]struct {
		app  *appv1.App
		want State
	}{
		"a new App":        {anApp(false), State{Phase: Stopped}},
		"stopped":          {anApp(false, "Running=False/Stopped", "Settled=True/Settled"), State{Phase: Stopped}},
		"start was wished": {with(anApp(true, "Running=False/Stopped@2", "Settled=True/Settled@2"), startup), State{Phase: Starting}},
		"starting": {
			with(anApp(true, "Running=False/Starting", "Settled=False/Settling"), startup),
			State{Phase: Starting, Detail: "Starting Docker", Since: begun},
		},
		"up and not read yet": {
			with(anApp(true, "Running=True/Started", "ContainerEngineReady=False/Connecting"), startup),
			State{Phase: Starting, Detail: "Starting Docker", Since: begun},
		},
		"ready": {
			with(anApp(true, "Running=True/Started", "ContainerEngineReady=True/Connected"), func(app *appv1.App) {
				app.Status.Engine = &appv1.EngineStatus{Version: "20.10.24"}
			}),
			State{Phase: Ready, Detail: "Docker 20.10.24"},
		},
		"ready for an older wish": {anApp(true, "Running=True/Started@2", "ContainerEngineReady=True/Connected@2"), State{Phase: Starting}},
		"containerd": {
			with(anApp(true, "Running=True/Started", "ContainerEngineReady=False/NotApplicable"), func(app *appv1.App) {
				app.Spec.ContainerEngine.Name = appv1.EngineContainerd
			}),
			State{Phase: Ready, Detail: "containerd"},
		},
		"stop was wished": {anApp(false, "Running=True/Started@2", "ContainerEngineReady=True/Connected@2"), State{Phase: Stopping}},
		"stopping":        {anApp(false, "Running=True/Stopping"), State{Phase: Stopping}},
		"start while it stops": {
			anApp(true, "Running=True/Stopping", "ContainerEngineReady=False/Stopped"),
			State{Phase: Stopping},
		},
		"engine lost": {
			anApp(true, "Running=True/Started", "ContainerEngineReady=False/Reconnecting"),
			State{Phase: Attention, Detail: "The engine does not answer, reconnecting…", Lost: true},
		},
		"crashed": {
			anApp(true, "Running=False/Crashed", "ContainerEngineReady=False/Reconnecting"),
			State{Phase: Attention, Detail: "The engine crashed and is started again…", Lost: true},
		},
		"failed": {
			with(anApp(true, "Running=False/StartFailed", "Settled=False/Failed"), func(app *appv1.App) {
				app.Status.Failure = &appv1.FailureStatus{Message: "dockerd is missing"}
			}),
			State{Phase: Attention, Detail: "dockerd is missing"},
		},
		"failed without a word": {anApp(true, "Settled=False/Failed"), State{Phase: Attention, Detail: "what Settled says"}},
		"failed, wished anew":   {anApp(true, "Running=False/StartFailed@2", "Settled=False/Failed@2"), State{Phase: Starting}},
		"could not be stopped":  {anApp(false, "Running=True/StopFailed", "Settled=False/Failed"), State{Phase: Attention, Detail: "what Settled says"}},
		"failed, and given up":  {anApp(false, "Running=False/StartFailed@2", "Settled=False/Failed@2"), State{Phase: Stopped}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Observe(c.app)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEngineItemsOfEachState(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	for name, c := range map[string]struct {
		state       State
		headline    string
		start, stop bool
		restart     bool
		icon        Phase
	}{
		"unreachable": {State{Phase: Unreachable}, "Berth is not running", true, false, false, Unreachable},
		"daemon that did not start": {
			State{Phase: Unreachable, Detail: "Berth did not start: see berth.log"},
			"Berth did not start: see berth.log", true, false, false, Unreachable,
		},
		"stopped":           {State{Phase: Stopped}, "Engine stopped", true, false, false, Stopped},
		"starting":          {State{Phase: Starting}, "Starting engine…", false, true, false, Starting},
		"starting, a step":  {State{Phase: Starting, Detail: "Starting Docker", Since: now}, "Starting Docker…", false, true, false, Starting},
		"starting for long": {State{Phase: Starting, Detail: "Starting Docker", Since: now.Add(-65 * time.Second)}, "Starting Docker… 1 min 05 s", false, true, false, Starting},
		"starting, elapsed": {State{Phase: Starting, Since: now.Add(-3900 * time.Millisecond)}, "Starting engine… 3 s", false, true, false, Starting},
		"a clock set back":  {State{Phase: Starting, Since: now.Add(time.Hour)}, "Starting engine…", false, true, false, Starting},
		"stopping":          {State{Phase: Stopping}, "Stopping engine…", false, false, false, Starting},
		"ready":             {State{Phase: Ready, Detail: "Docker 20.10.24"}, "Engine running: Docker 20.10.24", false, true, true, Ready},
		"ready, no version": {State{Phase: Ready}, "Engine running", false, true, true, Ready},
		"failed":            {State{Phase: Attention, Detail: "dockerd is missing"}, "dockerd is missing", true, true, true, Attention},
		"lost":              {State{Phase: Attention, Detail: "reconnecting…", Lost: true}, "reconnecting…", false, true, true, Attention},
		"a click on its way": {
			State{Phase: Stopped, Doing: "Starting engine…", Failed: "old"}, "Starting engine…", false, false, false, Starting,
		},
		"a click that failed": {State{Phase: Stopped, Failed: "Could not start"}, "Engine stopped", true, false, false, Attention},
		"hostile words":       {State{Phase: Attention, Detail: "a\x1b[31m\nb\u202e" + strings.Repeat("c", 100)}, "a [31m b " + strings.Repeat("c", maxLabel-10) + "…", true, true, true, Attention},
	} {
		t.Run(name, func(t *testing.T) {
			menu := Menu(c.state, now)
			at := failureLines + 1 // below why a click failed
			want := []Item{
				{Line: Line{Label: c.headline}},
				{},
				{Line: Line{Label: "Start engine", Action: Start, Enabled: c.start}},
				{Line: Line{Label: "Stop engine", Action: Stop, Enabled: c.stop}},
				{Line: Line{Label: "Restart engine", Action: Restart, Enabled: c.restart}},
			}
			if diff := cmp.Diff(want, menu[at:at+len(want)]); diff != "" {
				t.Error(diff)
			}
			if got := c.state.icon(); got != c.icon {
				t.Errorf("the icon is %s, want %s", got, c.icon)
			}
			for i, item := range menu {
				if item.Line != (Line{}) && item.Label == "" && !item.Hidden {
					t.Errorf("item %d has no words", i)
				}
			}
		})
	}
}
