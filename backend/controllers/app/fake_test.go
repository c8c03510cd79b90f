package app_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/app"
	"github.com/berth-desktop/berth/backend/controllers/app/history"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/vm"
)

// house is a machine that does what the test says. It takes a second for a start and for a stop.
type house struct {
	name string

	mu      sync.Mutex // guards what follows
	calls   []string
	state   vm.State
	changed chan struct{}
	create  func(context.Context) error
	start   func(context.Context, func(vm.Step)) error
	stop    func(context.Context) error
}

func newHouse(name string) *house {
	return &house{name: name, state: vm.State{Phase: vm.Stopped}, changed: make(chan struct{})}
}

func (h *house) called(what string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, what)
}

func (h *house) wasCalled() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.calls)
}

func (h *house) is(s vm.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = s
	close(h.changed)
	h.changed = make(chan struct{})
}

func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func (h *house) Create(ctx context.Context) error {
	h.called("create")
	if h.create != nil {
		return h.create(ctx)
	}
	return nil
}

func (h *house) Start(ctx context.Context, report func(vm.Step)) error {
	h.called("start")
	if h.start != nil {
		if err := h.start(ctx, report); err != nil {
			return err
		}
	} else if err := pass(ctx, time.Second); err != nil {
		return err
	}
	h.is(vm.State{Phase: vm.Running, Endpoint: "unix:///" + h.name})
	return nil
}

func (h *house) Stop(ctx context.Context) error {
	h.called("stop")
	if h.stop != nil {
		if err := h.stop(ctx); err != nil {
			return err
		}
	} else if err := pass(ctx, time.Second); err != nil {
		return err
	}
	h.is(vm.State{Phase: vm.Stopped})
	return nil
}

func (h *house) Kill(ctx context.Context) error { return h.Stop(ctx) }
func (h *house) Delete(context.Context) error   { return nil }

func (h *house) Inspect(context.Context) (vm.State, error) {
	h.called("inspect")
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, nil
}

func (h *house) Watch(ctx context.Context, observe func(vm.State)) error {
	for {
		h.mu.Lock()
		s, changed := h.state, h.changed
		h.mu.Unlock()
		observe(s)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// LogTail implements vm.Teller.
func (h *house) LogTail() []string { return slices.Repeat([]string{"said by " + h.name}, 25) }

func (h *house) crash() {
	h.is(vm.State{Phase: vm.Crashed, Failure: &vm.Failure{Message: "Docker ended by itself.", LogTail: []string{"panic"}}})
}

// world is all that an App reconciler meets.
type world struct {
	t      *testing.T
	apps   store.Store[appv1.App, *appv1.App]
	native *house
	host   *house
	timing app.Timing
	past   *history.History
	own    []appv1.Provider
	mute   bool
	stop   func()
}

// inWorld runs test in a bubble where time passes at once. There is an App, and a mirror unless it is mute.
func inWorld(t *testing.T, test func(w *world), setUp ...func(w *world)) {
	t.Helper()
	api := apitest.New(t) // outside: the libraries keep goroutines for ever
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, api.Apps())
		for _, f := range setUp {
			f(w)
		}
		if !w.mute {
			apitest.Run(t, w.mirror)
		}
		w.run()
		test(w)
	})
}

func newWorld(t *testing.T, apps store.Store[appv1.App, *appv1.App]) *world {
	return &world{
		t: t, apps: apps, native: newHouse("native"), host: newHouse("host"), timing: app.DefaultTiming(),
		past: history.New(filepath.Join(t.TempDir(), "startup.json"), apitest.Log(t)),
	}
}

// withoutMirror is for a world where nobody answers for the engine.
func withoutMirror(w *world) { w.mute = true }

// run runs a reconciler, as a daemon would.
func (w *world) run() {
	r := app.New(app.Config{
		Apps: w.apps, DefaultProvider: func(context.Context) appv1.Provider { return appv1.ProviderNative },
		Drivers: func(e appv1.ContainerEngine, _ appv1.VM) (vm.Driver, error) {
			switch {
			case e.Provider == appv1.ProviderNative:
				return w.native, nil
			case e.Host == "nowhere":
				return nil, &vm.Failure{Message: "There is no such house.", Hint: "Choose another."}
			default:
				return w.host, nil
			}
		},
		Own: w.own, History: w.past, Timing: w.timing, Log: apitest.Log(w.t),
	})
	if err := r.Prepare(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.stop = apitest.Run(w.t, r.Run)
}

// mirror answers for the engine as the real one does, as far as App can see.
func (w *world) mirror(ctx context.Context) error {
	events, err := w.apps.Watch(ctx, "")
	if err != nil {
		return err
	}
	for range events.ResultChan() {
		_, _ = w.apps.UpdateStatus(ctx, key(), func(a *appv1.App) error {
			running := condition.Get(a.Status.Conditions, appv1.ConditionRunning)
			c := metav1.Condition{Type: appv1.ConditionContainerEngineReady, Status: metav1.ConditionFalse, ObservedGeneration: a.Generation}
			switch {
			case !a.Spec.Running || running.Reason == appv1.ReasonStopping || running.Reason == appv1.ReasonStopped:
				c.Reason = appv1.ReasonStopped
			case a.Spec.ContainerEngine.Name == appv1.EngineContainerd:
				c.Reason = appv1.ReasonNotApplicable
			case running.Status == metav1.ConditionTrue:
				c.Status, c.Reason = metav1.ConditionTrue, appv1.ReasonConnected
			default:
				c.Reason = appv1.ReasonReconnecting
			}
			condition.Set(&a.Status.Conditions, c, time.Now())
			return nil
		})
	}
	return nil
}

func key() types.NamespacedName { return types.NamespacedName{Name: appv1.AppName} }

// want changes the spec as a face would, and returns the generation that it has to wait for.
func (w *world) want(change func(*appv1.AppSpec)) int64 {
	w.t.Helper()
	a, err := w.apps.Update(context.Background(), key(), func(a *appv1.App) error {
		change(&a.Spec)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Generation
}

func up(s *appv1.AppSpec)   { s.Running = true }
func down(s *appv1.AppSpec) { s.Running = false }

// until waits for a condition of this generation or a later one, as every wait must.
func (w *world) until(g int64, name, reason string) *appv1.App {
	w.t.Helper()
	return apitest.Until(w.t, w.apps, key(), name+"="+reason, func(a *appv1.App) bool {
		c, ok := condition.Since(a.Status.Conditions, name, g)
		return ok && c.Reason == reason
	})
}

func (w *world) settled(g int64) *appv1.App {
	w.t.Helper()
	return w.until(g, appv1.ConditionSettled, appv1.ReasonSettled)
}

func (w *world) called(h *house, want ...string) {
	w.t.Helper()
	got := slices.DeleteFunc(h.wasCalled(), func(c string) bool { return c == "inspect" })
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("calls of the driver %s (-want +got):\n%s", h.name, diff)
	}
}

func (w *world) is(a *appv1.App, name string, status metav1.ConditionStatus, reason string) {
	w.t.Helper()
	c := condition.Get(a.Status.Conditions, name)
	if c.Status != status || c.Reason != reason {
		w.t.Errorf("%s is %s/%s, want %s/%s (%s)", name, c.Status, c.Reason, status, reason, c.Message)
	}
}
