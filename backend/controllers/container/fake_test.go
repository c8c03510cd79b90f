package container_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/container"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// docker is an engine that does what the test says and counts what it is asked.
type docker struct {
	mu     sync.Mutex // guards what follows
	states map[string]containers.State
	calls  []string
	fail   map[string]error                       // by call, such as "start a"
	slow   map[string]func(context.Context) error // by call: what it waits for first
	leads  map[string]containers.State            // by verb: the state that it leads to
	lists  int                                    // of the calls, those that only ask
}

func newDocker() *docker {
	return &docker{
		states: map[string]containers.State{}, fail: map[string]error{}, slow: map[string]func(context.Context) error{},
		leads: map[string]containers.State{
			"start": containers.StateRunning, "stop": containers.StateExited, "restart": containers.StateRunning,
			"pause": containers.StatePaused, "unpause": containers.StateRunning, "kill": containers.StateExited,
		},
	}
}

func (d *docker) do(ctx context.Context, verb, id string) error {
	call := verb + " " + id
	d.mu.Lock()
	d.calls = append(d.calls, call)
	slow := d.slow[call]
	d.mu.Unlock()
	if slow != nil {
		if err := slow(ctx); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.fail[call]; err != nil {
		return err
	}
	if _, ok := d.states[id]; !ok {
		return fmt.Errorf("%s: %w", call, engine.ErrNotFound)
	}
	if verb == "remove" {
		delete(d.states, id)
		return nil
	}
	d.states[id] = d.leads[verb]
	return nil
}

func (d *docker) ListContainers(_ context.Context, ids ...string) ([]engine.ContainerRecord, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lists++
	if err := d.fail["list"]; err != nil {
		return nil, err
	}
	var all []engine.ContainerRecord
	for _, id := range ids {
		if s, ok := d.states[id]; ok {
			all = append(all, engine.ContainerRecord{ContainerStatus: containers.ContainerStatus{ID: id, Status: s}, Partial: true})
		}
	}
	return all, nil
}

func (d *docker) StartContainer(ctx context.Context, id string) error { return d.do(ctx, "start", id) }

func (d *docker) StopContainer(ctx context.Context, id string) error { return d.do(ctx, "stop", id) }

func (d *docker) RestartContainer(ctx context.Context, id string) error {
	return d.do(ctx, "restart", id)
}

func (d *docker) PauseContainer(ctx context.Context, id string) error { return d.do(ctx, "pause", id) }

func (d *docker) UnpauseContainer(ctx context.Context, id string) error {
	return d.do(ctx, "unpause", id)
}

func (d *docker) KillContainer(ctx context.Context, id string) error { return d.do(ctx, "kill", id) }

func (d *docker) RemoveContainer(ctx context.Context, id string) error {
	return d.do(ctx, "remove", id)
}

func (d *docker) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

// world is all that a container reconciler meets.
type world struct {
	t      *testing.T
	store  store.Store[containers.Container, *containers.Container]
	docker *docker
	loop   *container.Reconciler

	mu   sync.Mutex // guards what follows
	away error
	gone int
}

const away = "The engine is not ready. Start it with 'berth start' and try again."

// inWorld runs test in a bubble where time passes at once and synctest.Wait waits until nothing is left to do.
func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	api := apitest.New(t) // outside: the libraries keep goroutines for ever
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, store: api.Containers(), docker: newDocker()}
		w.loop = container.New(container.Config{
			Containers: w.store,
			Locate: func(_ context.Context, namespace string) (container.Engine, error) {
				w.mu.Lock()
				defer w.mu.Unlock()
				if namespace != apitest.Namespace {
					t.Errorf("the engine of the namespace %q was asked for", namespace)
				}
				return w.docker, w.away
			},
			Gone: func() {
				w.mu.Lock()
				defer w.mu.Unlock()
				w.gone++
			},
			Log: apitest.Log(t),
		})
		apitest.Run(t, w.loop.Run)
		synctest.Wait()
		test(w)
	})
}

func (w *world) engineIsAway() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.away = mirrored.Away(away)
}

func (w *world) engineIsBack() {
	w.mu.Lock()
	w.away = nil
	w.mu.Unlock()
	w.loop.Retry()
	synctest.Wait()
}

// add has a container in the engine and its mirror in the API.
func (w *world) add(name string, state containers.State) {
	w.t.Helper()
	w.docker.set(func() { w.docker.states[name] = state })
	w.create(&containers.Container{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: apitest.Namespace, Finalizers: []string{containers.Finalizer}},
		Spec:       containers.ContainerSpec{State: containers.DesiredUnknown},
		Status:     containers.ContainerStatus{ID: name, Name: name, Status: state},
	})
}

func (w *world) create(c *containers.Container) {
	w.t.Helper()
	if _, err := w.store.Create(context.Background(), c); err != nil {
		w.t.Fatal(err)
	}
	synctest.Wait()
}

// ask patches the action in, as a face does. It does not wait.
func (w *world) ask(name string, a containers.Action) {
	w.t.Helper()
	w.update(name, func(c *containers.Container) {
		c.Annotations = map[string]string{containers.AnnotationAction: string(a), "other": "stays"}
	})
}

// wish patches the wish in, as a face does. It does not wait.
func (w *world) wish(name string, s containers.DesiredState) {
	w.t.Helper()
	w.update(name, func(c *containers.Container) { c.Spec.State = s })
}

func (w *world) update(name string, change func(*containers.Container)) {
	w.t.Helper()
	_, err := w.store.Update(context.Background(), apitest.Key(name), func(c *containers.Container) error {
		change(c)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// mirror writes what was observed, as the mirror does.
func (w *world) mirror(name string, change func(*containers.ContainerStatus)) {
	w.t.Helper()
	_, err := w.store.UpdateStatus(context.Background(), apitest.Key(name), func(c *containers.Container) error {
		change(&c.Status)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) delete(name string) {
	w.t.Helper()
	if err := w.store.Delete(context.Background(), apitest.Key(name)); err != nil {
		w.t.Fatal(err)
	}
}

// get waits until nothing is left to do, and gives the container; nil if it is gone.
func (w *world) get(name string) *containers.Container {
	w.t.Helper()
	synctest.Wait()
	c, err := w.store.Get(context.Background(), apitest.Key(name))
	if err != nil {
		return nil
	}
	return c
}

// called checks what the engine was told since the last time, once nothing is left to do.
func (w *world) called(want ...string) {
	w.t.Helper()
	synctest.Wait()
	w.docker.set(func() {
		if diff := cmp.Diff(want, w.docker.calls, cmpopts.EquateEmpty()); diff != "" {
			w.t.Errorf("calls of the engine (-want +got):\n%s", diff)
		}
		w.docker.calls = nil
	})
}

func (w *world) state(name string) containers.State {
	w.docker.mu.Lock()
	defer w.docker.mu.Unlock()
	return w.docker.states[name]
}

// asked is how often the engine was only asked.
func (w *world) asked() int {
	synctest.Wait()
	w.docker.mu.Lock()
	defer w.docker.mu.Unlock()
	return w.docker.lists
}

// outcome checks status.lastAction.
func (w *world) outcome(name string, a containers.Action, state containers.ActionState, words string) {
	w.t.Helper()
	c := w.get(name)
	if c == nil || c.Status.LastAction == nil {
		w.t.Fatalf("container %s has no last action: %+v", name, c)
	}
	l := c.Status.LastAction
	if l.Action != a || l.State != state || l.Error != words {
		w.t.Errorf("last action is %s %s %q, want %s %s %q", l.Action, l.State, l.Error, a, state, words)
	}
	if l.ObservedAt.IsZero() || (l.CompletedAt == nil) != (state == containers.ActionPending) {
		w.t.Errorf("last action was observed at %v and ended at %v", l.ObservedAt, l.CompletedAt)
	}
	if _, asked := c.Annotations[containers.AnnotationAction]; asked != (state == containers.ActionPending) {
		w.t.Errorf("annotations are %v while the action is %s", c.Annotations, state)
	}
}
