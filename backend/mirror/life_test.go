package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

func uids(all map[string]containers.Container) map[string]types.UID {
	ids := map[string]types.UID{}
	for name, c := range all {
		ids[name] = c.UID
	}
	return ids
}

func TestCutStreamKeepsTheRowsAndCorrectsThem(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	before := uids(w.containers())
	f.set(func(f *fake) { f.down = true })
	f.cut()
	w.awaitReason(app.ReasonReconnecting)
	if diff := cmp.Diff(before, uids(w.containers())); diff != "" {
		t.Error(diff)
	}
	if w.app().Status.Engine.SyncedAt == nil {
		t.Error("nobody knows how old the rows are")
	}
	f.setContainer(1, containers.StateExited)
	f.setContainer(3, containers.StateRunning)
	f.set(func(f *fake) { delete(f.containers, id(2)); f.down = false })
	w.awaitReason(app.ReasonConnected)
	got := w.containers()
	if len(got) != 2 || got[id(1)].Status.Status != containers.StateExited || got[id(1)].Status.Pid != 0 || got[id(1)].UID != before[id(1)] || got[id(3)].Name == "" {
		t.Errorf("%+v", got)
	}
	w.eventually("each step to be told", func() bool {
		said := w.said()
		first := slices.Index(said, app.ReasonConnected) // what came before may have been too short to be written
		return first >= 0 && cmp.Equal([]string{app.ReasonConnected, app.ReasonReconnecting, app.ReasonConnected}, said[first:])
	})
}

func TestEngineThatComesAndGoesIsConnectedToLessAndLessOften(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	begun := time.Now()
	for range 5 {
		before := f.count("info")
		f.cut()
		w.eventually("another connection", func() bool { return f.count("info") > before })
		w.awaitReason(app.ReasonConnected)
	}
	if took := time.Since(begun); took < 2*time.Second { // 80 % of 100, 200, 400, 800 and 1000 ms
		t.Errorf("five connections within %v", took)
	}
}

func TestSilentEngineIsNoticed(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	f.set(func(f *fake) { f.silent = true })
	w.awaitReason(app.ReasonReconnecting)
	if len(w.containers()) != 2 {
		t.Error("the rows are gone")
	}
	f.set(func(f *fake) { f.silent = false })
	w.awaitReason(app.ReasonConnected)
}

func TestEngineThatNeverAnsweredIsAFailureToConnect(t *testing.T) {
	f := filled()
	f.down = true
	w := newWorld(t, func(string) (Engine, error) { return f, nil })
	w.begin("unix:///fake.sock")
	w.awaitReason(app.ReasonConnectFailed)
	f.set(func(f *fake) { f.down = false })
	w.awaitReason(app.ReasonConnected)
	if slices.Contains(w.said(), app.ReasonReconnecting) {
		t.Errorf("%v", w.said())
	}
}

func TestAddressThatCannotBeDialledIsSaid(t *testing.T) {
	w := newWorld(t, func(endpoint string) (Engine, error) { return nil, fmt.Errorf("the engine at %s wants TLS", endpoint) })
	w.begin("https://there:2376")
	w.awaitReason(app.ReasonConnectFailed)
}

func TestStopEmptiesWithoutAskingForDeletions(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	// A reconciler would carry the deletion of an object with our finalizer to the engine, so there must be none.
	events, err := w.cfg.Containers.Watch(t.Context(), namespace)
	if err != nil {
		t.Fatal(err)
	}
	var wished []string
	var watching sync.WaitGroup
	watching.Go(func() {
		for e := range events.ResultChan() {
			if c, ok := e.Object.(*containers.Container); ok && !c.DeletionTimestamp.IsZero() && slices.Contains(c.Finalizers, containers.Finalizer) {
				wished = append(wished, c.Name)
			}
		}
	})
	g := w.want(func(s *app.AppSpec) { s.Running = false })
	w.eventually("the stop", func() bool { c := w.ready(); return c.Reason == app.ReasonStopped && c.ObservedGeneration == g })
	if left := w.versions(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	w.machine(metav1.ConditionFalse, app.ReasonStopped, func(s *app.AppStatus) { s.Engine.Endpoint = "" })
	w.eventually("the engine's details to go", func() bool { return w.app().Status.Engine.Version == "" })
	w.want(func(s *app.AppSpec) { s.Running = true })
	w.machine(metav1.ConditionFalse, app.ReasonStarting)
	w.machineRuns("unix:///fake.sock")
	w.awaitReason(app.ReasonConnected)
	if len(w.containers()) != 2 {
		t.Error("the rows are not back")
	}
	events.Stop()
	watching.Wait()
	if len(wished) > 0 {
		t.Errorf("deletions that a reconciler would take for a wish: %v", wished)
	}
	if slices.Contains(w.said(), app.ReasonReconnecting) {
		t.Errorf("a stop is no loss: %v", w.said())
	}
}

func TestCrashKeepsTheRows(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	before := uids(w.containers())
	w.machine(metav1.ConditionFalse, app.ReasonCrashed)
	w.awaitReason(app.ReasonReconnecting)
	w.machine(metav1.ConditionFalse, app.ReasonStarting)
	pings := f.count("ping")
	w.machineRuns("unix:///fake.sock")
	w.awaitReason(app.ReasonConnected)
	if pings == 0 || cmp.Diff(before, uids(w.containers())) != "" {
		t.Errorf("%v became %v", before, uids(w.containers()))
	}
}

func TestAnotherEngineReplacesTheRows(t *testing.T) {
	one, two := filled(), newFake()
	two.setContainer(7, containers.StateRunning)
	w := newWorld(t, func(endpoint string) (Engine, error) {
		if endpoint == "unix:///two.sock" {
			return two, nil
		}
		return one, nil
	})
	w.begin("unix:///one.sock")
	w.eventually("the first", func() bool { return len(w.containers()) == 2 })
	w.machineRuns("unix:///two.sock")
	w.awaitState(7, containers.StateRunning)
	w.eventually("the second alone", func() bool { return len(w.containers()) == 1 && len(w.images()) == 0 && len(w.volumes()) == 0 })
}

func TestContainerdHasNothingToMirror(t *testing.T) {
	w := withFake(t, filled(), never)
	g := w.want(func(s *app.AppSpec) { s.ContainerEngine.Name = app.EngineContainerd })
	w.eventually("NotApplicable", func() bool { c := w.ready(); return c.Reason == app.ReasonNotApplicable && c.ObservedGeneration == g })
	if left := w.versions(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

func TestConditionFollowsTheGeneration(t *testing.T) {
	w := withFake(t, filled(), never)
	g := w.want(func(s *app.AppSpec) { s.ContainerEngine.Host = "elsewhere" })
	w.eventually("the generation", func() bool { c := w.ready(); return c.ObservedGeneration == g && c.Reason == app.ReasonConnected })
}

func TestAppThatIsDeletedEndsTheMirror(t *testing.T) {
	w := withFake(t, filled(), never)
	if err := w.cfg.Apps.Delete(t.Context(), types.NamespacedName{Name: app.AppName}); err != nil {
		t.Fatal(err)
	}
	w.eventually("the rows to go", func() bool { return len(w.versions()) == 0 })
	w.createApp()
	w.machineRuns("unix:///fake.sock")
	w.awaitReason(app.ReasonConnected)
}

func TestTwoWritersOfAppLoseNothing(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	var other sync.WaitGroup
	const rounds = 300
	other.Go(func() {
		for i := range rounds {
			_, err := w.cfg.Apps.UpdateStatus(t.Context(), types.NamespacedName{Name: app.AppName}, func(a *app.App) error {
				condition.Set(&a.Status.Conditions, metav1.Condition{
					Type: app.ConditionSettled, Status: metav1.ConditionFalse, Reason: app.ReasonSettling, Message: fmt.Sprint(i),
				}, time.Now())
				return nil
			})
			if err != nil {
				t.Errorf("round %d: %v", i, err)
			}
		}
	})
	for i := range rounds {
		w.mirror.report.set(func(s *state) { s.message = fmt.Sprint("mirror ", i) })
	}
	other.Wait()
	w.eventually("both last words", func() bool {
		all := w.app().Status.Conditions
		return condition.Get(all, app.ConditionSettled).Message == fmt.Sprint(rounds-1) &&
			condition.Get(all, app.ConditionContainerEngineReady).Message == fmt.Sprint("mirror ", rounds-1) &&
			condition.Get(all, app.ConditionRunning).Reason == app.ReasonStarted
	})
}

// The reader must never wait for anything: an engine waits for its slowest listener.
func TestListenerNeverWaits(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	release := make(chan struct{})
	f.set(func(f *fake) {
		f.silent = true // every read hangs; until the heartbeat notices, events come in
		f.stuck[id(1)] = release
	})
	told := make(chan struct{})
	go func() {
		defer close(told)
		for i := range 20000 {
			f.tell(containerKey(i%100), engine.Key{Kind: engine.KindVolume, ID: fmt.Sprint(i % 50)})
		}
	}()
	select {
	case <-told:
	case <-time.After(20 * time.Second):
		t.Error("events back up")
	}
	f.set(func(f *fake) { f.silent = false; clear(f.stuck) })
	close(release)
	w.awaitReason(app.ReasonConnected)
}

func TestStormEndsInTheEnginesState(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	states := []containers.State{containers.StateRunning, containers.StateExited, containers.StatePaused, containers.StateCreated}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for i := 0; ctx.Err() == nil; i++ {
		n := 10 + i%30
		if i%7 == 3 {
			f.set(func(f *fake) { delete(f.containers, id(n)) })
		} else {
			f.setContainer(n, states[i%len(states)])
		}
		f.tell(containerKey(n))
		if i%5 == 0 {
			f.tell(containerKey(n), containerKey(n+1), containerKey(1000+i))
		}
	}
	w.eventually("agreement", func() bool {
		want := map[string]containers.State{}
		f.set(func(f *fake) {
			for id, r := range f.containers {
				want[id] = r.Status
			}
		})
		got := map[string]containers.State{}
		for id, c := range w.containers() {
			got[id] = c.Status.Status
		}
		return cmp.Equal(want, got)
	})
}

func TestPingTellsSilenceFromTheEndOfTheCaller(t *testing.T) {
	f := newFake()
	f.silent = true
	if err := ping(t.Context(), f, time.Millisecond); !errors.Is(err, errSilent) {
		t.Errorf("silence: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ping(ctx, f, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("the caller's end: %v", err)
	}
}
