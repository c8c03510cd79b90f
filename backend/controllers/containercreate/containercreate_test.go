package containercreate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/containercreate"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry is an engine whose images can be pulled, of which a test machine has none.
type registry struct {
	containercreate.Engine

	mu    sync.Mutex
	has   map[string]bool // what can be pulled
	pulls []string
	calls int
}

func (r *registry) CreateContainer(ctx context.Context, spec *containers.ContainerCreateSpec) (string, []string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	if slices.Contains(r.pulls, spec.Image) {
		return "1234", []string{"mind the gap"}, nil
	}
	return r.Engine.CreateContainer(ctx, spec)
}

func (r *registry) PullImage(_ context.Context, p engine.Pull, each func(engine.Progress)) (engine.Pulled, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.has[p.Reference] {
		return engine.Pulled{}, fmt.Errorf("pull image %s: %w", p.Reference, errors.New("no such host"))
	}
	each(engine.Progress{Line: "Pulling " + p.Reference + ": 1 of 1 layers"})
	r.pulls = append(r.pulls, p.Reference)
	return engine.Pulled{ID: "sha256:1"}, nil
}

func TestContainersAreMadeOnceAndRequestsCollected(t *testing.T) {
	docker := enginetest.Start(t)
	own, err := engine.Dial(docker.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	eng := &registry{Engine: own, has: map[string]bool{"far:away": true}}
	api := apitest.New(t)
	now := time.Now()
	r := containercreate.New(containercreate.Config{
		Requests: api.ContainerCreates(),
		Locate: func(_ context.Context, namespace string) (containercreate.Engine, error) {
			if namespace != "berth" {
				return nil, errors.New("no engine here")
			}
			return eng, nil
		},
		Logins: func(context.Context, string) (engine.Login, error) { return engine.Login{}, nil },
		Now:    func() time.Time { return now },
		Log:    apitest.Log(t),
	})
	for name, c := range map[string]struct {
		namespace string
		spec      containers.ContainerCreateSpec
		failed    string // what the message begins with; "" for one that succeeds
		warnings  []string
	}{
		"made":              {"berth", containers.ContainerCreateSpec{Image: "busybox", Name: "made", Args: []string{"true"}}, "", nil},
		"started":           {"berth", containers.ContainerCreateSpec{Image: "busybox", Name: "started", Args: []string{"sleep", "9"}, Network: "none", Start: true}, "", nil},
		"pulled":            {"berth", containers.ContainerCreateSpec{Image: "far:away"}, "", []string{"mind the gap"}},
		"not to be pulled":  {"berth", containers.ContainerCreateSpec{Image: "far:off", Pull: containers.PullNever}, "create a container of far:off: No such image", nil},
		"nowhere":           {"berth", containers.ContainerCreateSpec{Image: "no:where"}, "pull image no:where: no such host", nil},
		"always pulled":     {"berth", containers.ContainerCreateSpec{Image: "busybox", Pull: containers.PullAlways}, "pull image busybox: no such host", nil},
		"no restart policy": {"berth", containers.ContainerCreateSpec{Image: "busybox", RestartPolicy: "on-failure:often"}, "create a container of busybox: ", nil},
		"no engine":         {"elsewhere", containers.ContainerCreateSpec{Image: "busybox"}, "no engine here", nil},
		"a bad network":     {"berth", containers.ContainerCreateSpec{Image: "busybox", Network: "nowhere", Start: true}, "start container ", nil},
	} {
		t.Run(name, func(t *testing.T) {
			eng.pulls, eng.calls = nil, 0
			made, err := api.ContainerCreates().Create(t.Context(), &containers.ContainerCreate{
				ObjectMeta: metav1.ObjectMeta{GenerateName: "x-", Namespace: c.namespace}, Spec: c.spec,
			})
			if err != nil {
				t.Fatal(err)
			}
			key := types.NamespacedName{Namespace: made.Namespace, Name: made.Name}
			for range 2 { // the second changes nothing
				if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: key}); err != nil {
					t.Fatal(err)
				}
			}
			got, err := api.ContainerCreates().Get(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			failed := condition.Get(got.Status.Conditions, containers.ConditionFailed)
			complete := condition.IsTrue(got.Status.Conditions, containers.ConditionComplete)
			if (c.failed == "") != complete || complete == (failed.Status == metav1.ConditionTrue) {
				t.Errorf("it is %+v", got.Status)
			}
			if len(failed.Message) < len(c.failed) || failed.Message[:len(c.failed)] != c.failed {
				t.Errorf("it fails with %q", failed.Message)
			}
			if !slices.Equal(c.warnings, got.Status.Warnings) {
				t.Errorf("the engine warns of %q", got.Status.Warnings)
			}
			if complete == (got.Status.ContainerID == "") && name != "a bad network" {
				t.Errorf("its container is %q", got.Status.ContainerID)
			}
			calls := eng.calls
			now = now.Add(2 * time.Minute)
			if _, err := r.Reconcile(t.Context(), reconcile.Request{NamespacedName: key}); err != nil {
				t.Fatal(err)
			}
			if _, err := api.ContainerCreates().Get(t.Context(), key); !apierrors.IsNotFound(err) {
				t.Errorf("it is kept: %v", err)
			}
			if eng.calls != calls {
				t.Error("it was carried out again")
			}
		})
	}
	if got := docker.Docker(t, "ps", "--format", "{{.Names}}"); got != "started" {
		t.Errorf("%q run", got)
	}
}
