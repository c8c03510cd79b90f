package limavm_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/limavm"
	"github.com/berth-desktop/berth/vm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a machine that does what the test says. A start and a stop take it a second each.
type house struct {
	mu      sync.Mutex // guards what follows
	calls   []string
	state   vm.State
	changed chan struct{}
	fails   map[string]error
	held    chan struct{} // a start waits for it, if there is one
}

func newHouse() *house {
	return &house{state: vm.State{Phase: vm.Absent}, changed: make(chan struct{}), fails: map[string]error{}}
}

func (h *house) do(ctx context.Context, what string, after vm.State) error {
	h.mu.Lock()
	h.calls = append(h.calls, what)
	err, held := h.fails[what], h.held
	h.mu.Unlock()
	if what == "start" && held != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-held:
		}
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second):
	}
	if err == nil {
		h.is(after)
	}
	return err
}

func (h *house) is(s vm.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state = s
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *house) fail(what string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fails[what] = err
}

func (h *house) crash() {
	h.is(vm.State{Phase: vm.Crashed, Failure: &vm.Failure{Message: "The machine ended.", LogTail: []string{"panic"}}})
}

func up() vm.State { return vm.State{Phase: vm.Running, Endpoint: "unix:///docker.sock"} }

func (h *house) Create(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls = append(h.calls, "create")
	if h.state.Phase == vm.Absent && h.fails["create"] == nil {
		h.state.Phase = vm.Stopped
	}
	return h.fails["create"]
}

func (h *house) Start(ctx context.Context, report func(vm.Step)) error {
	report(vm.Step{Name: "Booting the machine", At: time.Now()})
	report(vm.Step{Name: "Booting the machine", Message: "Linux version 6", At: time.Now()})
	return h.do(ctx, "start", up())
}

func (h *house) Stop(ctx context.Context) error {
	return h.do(ctx, "stop", vm.State{Phase: vm.Stopped})
}
func (h *house) Kill(ctx context.Context) error { return h.Stop(ctx) }
func (h *house) Delete(ctx context.Context) error {
	return h.do(ctx, "delete", vm.State{Phase: vm.Absent})
}

func (h *house) Inspect(context.Context) (vm.State, error) {
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

// world is all that the reconciler meets.
type world struct {
	t        *testing.T
	machines store.Store[lima.LimaVM, *lima.LimaVM]
	apps     store.Store[app.App, *app.App]
	house    *house
	stop     func()
}

// inWorld runs test in a bubble where time passes at once.
func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	api := apitest.New(t) // outside: the libraries keep goroutines for ever
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, machines: api.LimaVMs(), apps: api.Apps(), house: newHouse()}
		w.run()
		test(w)
	})
}

// run runs a reconciler, as a daemon would.
func (w *world) run() {
	r := limavm.New(limavm.Config{
		Machines: w.machines, Timing: limavm.DefaultTiming(), Log: apitest.Log(w.t),
		Drivers: func(types.NamespacedName, func() []byte) limavm.Machine {
			return limavm.Machine{Driver: w.house, Describe: func() limavm.Details {
				return limavm.Details{Dir: "/lima/a", SSHPort: 6022, Accelerator: "tcg"}
			}}
		},
	})
	if err := r.Prepare(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	w.stop = apitest.Run(w.t, r.Run)
}

func (w *world) create(running bool, template string) {
	w.t.Helper()
	m := &lima.LimaVM{ObjectMeta: metav1.ObjectMeta{Namespace: apitest.Namespace, Name: "a"}, Spec: lima.LimaVMSpec{Running: running, Template: template}}
	if _, err := w.machines.Create(context.Background(), m); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) want(change func(*lima.LimaVMSpec)) int64 {
	w.t.Helper()
	m, err := w.machines.Update(context.Background(), apitest.Key("a"), func(m *lima.LimaVM) error {
		change(&m.Spec)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return m.Generation
}

func (w *world) until(g int64, name, reason string) *lima.LimaVM {
	w.t.Helper()
	return apitest.Until(w.t, w.machines, apitest.Key("a"), name+"="+reason, func(m *lima.LimaVM) bool {
		c, ok := condition.Since(m.Status.Conditions, name, g)
		return ok && c.Reason == reason
	})
}

func (w *world) called(want ...string) {
	w.t.Helper()
	w.house.mu.Lock()
	defer w.house.mu.Unlock()
	if diff := cmp.Diff(want, slices.Clone(w.house.calls), cmpopts.EquateEmpty()); diff != "" {
		w.t.Errorf("calls of the driver (-want +got):\n%s", diff)
	}
}

func TestMachineIsMadeStartedAndStopped(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create(false, "one")
		w.until(1, lima.ConditionCreated, lima.ReasonCreated)
		g := w.want(func(s *lima.LimaVMSpec) { s.Running = true })
		m := w.until(g, lima.ConditionRunning, lima.ReasonStarted)
		s := m.Status
		if s.Endpoint != "unix:///docker.sock" || s.InstanceDir != "/lima/a" || s.SSHLocalPort != 6022 || s.Accelerator != "tcg" || s.RestartCount != 0 {
			t.Errorf("status = %+v", s)
		}
		if len(s.Steps) != 1 || s.Steps[0].FinishedAt == nil || s.Steps[0].Message != "Linux version 6" {
			t.Errorf("steps = %+v", s.Steps)
		}
		w.house.is(vm.State{Phase: vm.Running, Endpoint: "unix:///docker.sock", Warning: "Port 80 is taken."})
		if m := w.until(g, lima.ConditionDegraded, lima.ReasonWarning); condition.Get(m.Status.Conditions, lima.ConditionDegraded).Message != "Port 80 is taken." {
			t.Errorf("conditions = %+v", m.Status.Conditions)
		}
		w.until(w.want(func(s *lima.LimaVMSpec) { s.Running = false }), lima.ConditionRunning, lima.ReasonStopped)
		w.called("create", "create", "start", "stop")
	})
}

func TestOtherTemplateRestartsOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create(true, "one")
		w.until(1, lima.ConditionRunning, lima.ReasonStarted)
		g := w.want(func(s *lima.LimaVMSpec) { s.Template = "two" })
		if m := w.until(g, lima.ConditionRunning, lima.ReasonStopping); !m.Status.RestartNeeded {
			t.Error("it does not say that it needs a restart")
		}
		m := w.until(g, lima.ConditionRunning, lima.ReasonStarted)
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		if m.Status.RestartNeeded || m.Status.RestartCount != 1 {
			t.Errorf("status = %+v", m.Status)
		}
		w.called("create", "start", "stop", "create", "start")
	})
}

func TestCrashesAreMendedThreeTimes(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create(true, "one")
		w.until(1, lima.ConditionRunning, lima.ReasonStarted)
		for range 3 {
			w.house.crash()
			w.until(1, lima.ConditionRunning, lima.ReasonCrashed)
			w.until(1, lima.ConditionRunning, lima.ReasonStarted)
		}
		w.house.crash()
		m := w.until(1, lima.ConditionRunning, lima.ReasonGivenUp)
		if m.Status.RestartCount != 3 || m.Status.Failure == nil || len(m.Status.Failure.LogTail) != 1 {
			t.Errorf("status = %+v", m.Status)
		}
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called("create", "start", "create", "start", "create", "start", "create", "start")
		now := metav1.NowMicro()
		w.until(w.want(func(s *lima.LimaVMSpec) { s.RetriedAt = &now }), lima.ConditionRunning, lima.ReasonStarted)
	})
}

func TestReasonsOfWhatFails(t *testing.T) {
	for name, tc := range map[string]struct {
		step, condition, reason string
	}{
		"create": {"create", lima.ConditionCreated, lima.ReasonCreateFailed},
		"start":  {"start", lima.ConditionRunning, lima.ReasonStartFailed},
		"stop":   {"stop", lima.ConditionRunning, lima.ReasonStopFailed},
		"delete": {"delete", lima.ConditionCreated, lima.ReasonDeleteFailed},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.house.fail(tc.step, &vm.Failure{Message: "No room.", Hint: "Make some."})
				w.create(true, "one")
				g := int64(1)
				switch name {
				case "stop":
					w.until(1, lima.ConditionRunning, lima.ReasonStarted)
					g = w.want(func(s *lima.LimaVMSpec) { s.Running = false })
				case "delete":
					w.until(1, lima.ConditionRunning, lima.ReasonStarted)
					if err := w.machines.Delete(context.Background(), apitest.Key("a")); err != nil {
						t.Fatal(err)
					}
				}
				m := w.until(g, tc.condition, tc.reason)
				if f := m.Status.Failure; f == nil || f.Message != "No room." || f.Hint != "Make some." {
					t.Errorf("failure = %+v", f)
				}
				w.house.fail(tc.step, nil)
			})
		})
	}
}

func TestStartThatIsNotWantedAnyMoreIsCancelled(t *testing.T) {
	inWorld(t, func(w *world) {
		w.house.held = make(chan struct{})
		w.create(true, "one")
		w.until(1, lima.ConditionRunning, lima.ReasonStarting)
		w.until(w.want(func(s *lima.LimaVMSpec) { s.Running = false }), lima.ConditionRunning, lima.ReasonStopped)
	})
}

func TestRunningMachineIsTakenOverByTheNextDaemon(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create(true, "one")
		w.until(1, lima.ConditionRunning, lima.ReasonStarted)
		w.stop()
		w.called("create", "start", "stop")
		w.house.is(up()) // a daemon that is killed stops nothing
		w.run()
		m := w.until(1, lima.ConditionRunning, lima.ReasonStarted)
		if m.Status.RestartCount != 0 {
			t.Errorf("it was restarted %d times", m.Status.RestartCount)
		}
		w.called("create", "start", "stop", "create", "start") // a driver's start takes over what runs
	})
}

func TestDeletedMachineIsGoneWithItsObject(t *testing.T) {
	inWorld(t, func(w *world) {
		w.create(true, "one")
		w.until(1, lima.ConditionRunning, lima.ReasonStarted)
		if err := w.machines.Delete(context.Background(), apitest.Key("a")); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); ; {
			_, err := w.machines.Get(context.Background(), apitest.Key("a"))
			if apierrors.IsNotFound(err) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the object stays")
			}
			time.Sleep(time.Second) //nolint:forbidigo // in a bubble
		}
		w.called("create", "start", "delete")
	})
}
