package controllers_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/controllers"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
	"github.com/berth-desktop/berth/vm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// attached is the house of a daemon that the test runs.
type attached struct{ endpoint string }

func (a attached) Create(context.Context) error               { return nil }
func (a attached) Start(context.Context, func(vm.Step)) error { return nil }
func (a attached) Stop(context.Context) error                 { return nil }
func (a attached) Kill(context.Context) error                 { return nil }
func (a attached) Delete(context.Context) error               { return nil }
func (a attached) Inspect(context.Context) (vm.State, error) {
	return vm.State{Phase: vm.Running, Endpoint: a.endpoint}, nil
}

func (a attached) Watch(ctx context.Context, observe func(vm.State)) error {
	observe(vm.State{Phase: vm.Running, Endpoint: a.endpoint})
	<-ctx.Done()
	return ctx.Err()
}

// world is the real API, the real controllers and a real Docker. The test mirrors what it needs.
type world struct {
	t      *testing.T
	api    *apiserver.Server
	docker *enginetest.Daemon
	proxy  *enginetest.Proxy // what the controllers reach docker through
}

// begin runs the controllers, and leaves App as they make it.
func begin(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, api: apitest.New(t), docker: enginetest.Start(t)}
	w.proxy = enginetest.NewProxy(t, w.docker)
	engines := engine.NewPool(engine.Dial)
	t.Cleanup(func() { _ = engines.Close() })
	c := controllers.New(controllers.Config{
		ContainerCreates: w.api.ContainerCreates(), ImagePulls: w.api.ImagePulls(), ImagePushes: w.api.ImagePushes(), ImageTags: w.api.ImageTags(),
		VolumeCreates: w.api.VolumeCreates(), NetworkCreates: w.api.NetworkCreates(),
		Logins: func(context.Context, string) (engine.Login, error) { return engine.Login{}, nil },
		Apps:   w.api.Apps(), Containers: w.api.Containers(), Images: w.api.Images(), Volumes: w.api.Volumes(), Networks: w.api.Networks(),
		LimaVMs:         w.api.LimaVMs(),
		Drivers:         func(appv1.ContainerEngine, appv1.VM) (vm.Driver, error) { return attached{w.proxy.Endpoint()}, nil },
		DefaultProvider: func(context.Context) appv1.Provider { return appv1.ProviderHost },
		StartupTimes:    filepath.Join(t.TempDir(), "startup.json"),
		Engines:         engines, Log: apitest.Log(t),
	})
	if err := c.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	apitest.Run(t, c.Run)
	t.Cleanup(func() { // without a mirror that says so, the end would be waited for in vain
		_, _ = w.api.Apps().UpdateStatus(context.Background(), appKey(), says(metav1.ConditionFalse, appv1.ReasonStopped))
	})
	return w
}

// start begins, and has App say that the engine is ready.
func start(t *testing.T) *world {
	t.Helper()
	w := begin(t)
	w.must(w.api.Apps().Update(t.Context(), appKey(), func(a *appv1.App) error {
		a.Spec.Running = true
		return nil
	}))
	w.ready(metav1.ConditionTrue, appv1.ReasonConnected)
	apitest.Until(t, w.api.Apps(), appKey(), "a settled App", func(a *appv1.App) bool {
		return condition.IsTrue(a.Status.Conditions, appv1.ConditionSettled)
	})
	return w
}

func appKey() types.NamespacedName { return types.NamespacedName{Name: appv1.AppName} }

// ready says of the engine what the mirror would.
func (w *world) ready(status metav1.ConditionStatus, reason string) {
	w.t.Helper()
	w.must(w.api.Apps().UpdateStatus(w.t.Context(), appKey(), says(status, reason)))
}

func says(status metav1.ConditionStatus, reason string) func(*appv1.App) error {
	return func(a *appv1.App) error {
		condition.Set(&a.Status.Conditions, metav1.Condition{
			Type: appv1.ConditionContainerEngineReady, Status: status, Reason: reason, ObservedGeneration: a.Generation,
		}, time.Now())
		return nil
	}
}

func (w *world) must(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// run makes a container and mirrors it.
func (w *world) run(args ...string) (id string) {
	w.t.Helper()
	id = w.docker.Docker(w.t, append([]string{"create", "--network=none", "--stop-timeout=1"}, args...)...)
	c := &containersv1.Container{ObjectMeta: mirrored(id), Spec: containersv1.ContainerSpec{State: containersv1.DesiredUnknown}}
	name := strings.TrimPrefix(w.docker.Docker(w.t, "inspect", "--format={{.Name}}", id), "/")
	c.Status = containersv1.ContainerStatus{
		ID: id, Name: name, Status: containersv1.StateCreated, ImageID: w.docker.Docker(w.t, "inspect", "--format={{.Image}}", id),
		Mounts: []containersv1.Mount{{Destination: "/data", Type: "volume", Name: "data"}},
	}
	w.must(w.api.Containers().Create(w.t.Context(), c))
	return id
}

func mirrored(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: apitest.Namespace, Name: name, Finalizers: []string{containersv1.Finalizer}}
}

// do asks for an action and waits for its outcome, as a face does.
func (w *world) do(id string, a containersv1.Action) *containersv1.LastAction {
	w.t.Helper()
	w.must(w.api.Containers().Update(w.t.Context(), apitest.Key(id), func(c *containersv1.Container) error {
		c.Annotations = map[string]string{containersv1.AnnotationAction: string(a)}
		return nil
	}))
	c := apitest.Until(w.t, w.api.Containers(), apitest.Key(id), "the end of "+string(a), func(c *containersv1.Container) bool {
		_, asked := c.Annotations[containersv1.AnnotationAction]
		return !asked
	})
	if c.Status.LastAction == nil || c.Status.LastAction.Action != a {
		w.t.Fatalf("last action is %+v, want %s", c.Status.LastAction, a)
	}
	return c.Status.LastAction
}

func (w *world) state(id string) string {
	w.t.Helper()
	return w.docker.Docker(w.t, "inspect", "--format={{.State.Status}}", id)
}

// ends deletes an object and waits until it is gone.
func ends[T any, P store.Object[T]](w *world, s store.Store[T, P], name string) {
	w.t.Helper()
	if err := s.Delete(w.t.Context(), apitest.Key(name)); err != nil {
		w.t.Fatal(err)
	}
	isGone(w, s, name)
}

func isGone[T any, P store.Object[T]](w *world, s store.Store[T, P], name string) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-time.After(10 * time.Millisecond) {
		if _, err := s.Get(w.t.Context(), apitest.Key(name)); err != nil {
			return
		}
	}
	w.t.Fatalf("%s is still there", name)
}

func TestRealContainersObey(t *testing.T) {
	w := start(t)
	id := w.run("busybox:latest", "sleep", "1000")
	steps := []struct {
		action containersv1.Action
		state  string
	}{
		{containersv1.ActionStart, "running"},
		{containersv1.ActionStart, "running"},
		{containersv1.ActionPause, "paused"},
		{containersv1.ActionPause, "paused"},
		{containersv1.ActionUnpause, "running"},
		{containersv1.ActionUnpause, "running"},
		{containersv1.ActionKill, "exited"},
		{containersv1.ActionKill, "exited"},
		{containersv1.ActionStop, "exited"},
		{containersv1.ActionRestart, "running"},
		{containersv1.ActionPause, "paused"},
	}
	for _, s := range steps {
		if l := w.do(id, s.action); l.State != containersv1.ActionSucceeded {
			t.Fatalf("%s: %+v", s.action, l)
		}
		if got := w.state(id); got != s.state {
			t.Fatalf("the container is %s after %s, want %s", got, s.action, s.state)
		}
	}
	for _, wish := range []struct {
		state containersv1.DesiredState
		want  string
	}{{containersv1.DesiredRunning, "running"}, {containersv1.DesiredCreated, "exited"}, {containersv1.DesiredRunning, "running"}} {
		c, err := w.api.Containers().Update(t.Context(), apitest.Key(id), func(c *containersv1.Container) error {
			c.Spec.State = wish.state
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		apitest.Until(t, w.api.Containers(), apitest.Key(id), "the wish", func(now *containersv1.Container) bool {
			return now.Status.ObservedGeneration >= c.Generation
		})
		if got := w.state(id); got != wish.want {
			t.Fatalf("the container is %s, wished %s", got, wish.state)
		}
	}
	ends(w, w.api.Containers(), id)
	if out, err := w.docker.TryDocker(t, "inspect", id); err == nil {
		t.Errorf("the container is still in the engine: %s", out)
	}
}

func TestRealFailureOfAStartIsShown(t *testing.T) {
	w := start(t)
	id := w.run("busybox:latest", "/no/such/program")
	l := w.do(id, containersv1.ActionStart)
	if l.State != containersv1.ActionFailed || !strings.Contains(l.Error, "no such file or directory") {
		t.Errorf("last action is %+v", l)
	}
}

func TestRealImageAndVolumeInUseGoWithTheirContainer(t *testing.T) {
	w := start(t)
	w.docker.Docker(t, "volume", "create", "data")
	id := w.run("--name=user", "--volume=data:/data", "busybox:latest", "true")
	imageID := w.docker.Docker(t, "inspect", "--format={{.Id}}", "busybox:latest")
	img := &containersv1.Image{ObjectMeta: mirrored(containersv1.ImageName(imageID, "busybox:latest"))}
	img.Status = containersv1.ImageStatus{ID: imageID, RepoTag: "busybox:latest"}
	w.must(w.api.Images().Create(t.Context(), img))
	vol := &containersv1.Volume{ObjectMeta: mirrored(containersv1.VolumeName("data")), Status: containersv1.VolumeStatus{Name: "data"}}
	w.must(w.api.Volumes().Create(t.Context(), vol))

	w.must(nil, w.api.Images().Delete(t.Context(), apitest.Key(img.Name)))
	w.must(nil, w.api.Volumes().Delete(t.Context(), apitest.Key(vol.Name)))
	inUse := func(all []metav1.Condition) bool {
		c := condition.Get(all, containersv1.ConditionDeleting)
		return c.Reason == containersv1.ReasonInUse && strings.Contains(c.Message, "container user")
	}
	apitest.Until(t, w.api.Images(), apitest.Key(img.Name), "an image in use", func(i *containersv1.Image) bool { return inUse(i.Status.Conditions) })
	apitest.Until(t, w.api.Volumes(), apitest.Key(vol.Name), "a volume in use", func(v *containersv1.Volume) bool { return inUse(v.Status.Conditions) })

	ends(w, w.api.Containers(), id)
	isGone(w, w.api.Images(), img.Name)
	isGone(w, w.api.Volumes(), vol.Name)
	if out := w.docker.Docker(t, "images", "-q") + w.docker.Docker(t, "volume", "ls", "-q"); out != "" {
		t.Errorf("the engine still has %s", out)
	}
}

func TestRealNetworkInUseGoesOnceItsLastMemberStops(t *testing.T) {
	w := start(t)
	netID := w.docker.Docker(t, "network", "create", "--internal", "--subnet", "10.213.21.0/24", "shop")
	id := w.docker.Docker(t, "run", "-d", "--network=shop", "--name=member", "--stop-signal=KILL", "busybox:latest", "sleep", "1000")
	w.must(w.api.Containers().Create(t.Context(), &containersv1.Container{
		ObjectMeta: mirrored(id), Status: containersv1.ContainerStatus{
			ID: id, Name: "member", Status: containersv1.StateRunning, Networks: []containersv1.NetworkAttachment{{Name: "shop", NetworkID: netID}},
		},
	}))
	w.must(w.api.Networks().Create(t.Context(), &containersv1.Network{
		ObjectMeta: mirrored(netID), Status: containersv1.NetworkStatus{ID: netID, Name: "shop", Members: []containersv1.NetworkMember{{ID: id, Name: "member"}}},
	}))
	w.must(nil, w.api.Networks().Delete(t.Context(), apitest.Key(netID)))
	apitest.Until(t, w.api.Networks(), apitest.Key(netID), "a network in use", func(n *containersv1.Network) bool {
		c := condition.Get(n.Status.Conditions, containersv1.ConditionDeleting)
		return c.Reason == containersv1.ReasonInUse && strings.Contains(c.Message, "container member")
	})
	w.docker.Docker(t, "stop", id)
	w.must(w.api.Networks().UpdateStatus(t.Context(), apitest.Key(netID), func(n *containersv1.Network) error {
		n.Status.Members = nil // as the mirror sees it
		return nil
	}))
	isGone(w, w.api.Networks(), netID)
	if out := w.docker.Docker(t, "network", "ls", "-q", "--filter=name=shop"); out != "" {
		t.Errorf("the engine still has %s", out)
	}
}

func TestRealContainerTakesItsAnonymousVolumesAlong(t *testing.T) {
	w := start(t)
	w.docker.Docker(t, "volume", "create", "named")
	id := w.run("--volume=/anonymous", "--volume=named:/data", "busybox:latest", "true")
	if out := w.docker.Docker(t, "volume", "ls", "-q"); strings.Count(out, "\n") != 1 {
		t.Fatalf("volumes before: %q", out)
	}
	ends(w, w.api.Containers(), id)
	if out := w.docker.Docker(t, "volume", "ls", "-q"); out != "named" {
		t.Errorf("volumes after: %q, want the named one", out)
	}
}

func TestRealKillDoesNotWaitForASlowStop(t *testing.T) {
	w := start(t)
	id := w.run("--stop-timeout=600", "busybox:latest", "sh", "-c", "trap '' TERM; while :; do sleep 1; done")
	w.do(id, containersv1.ActionStart)
	w.must(w.api.Containers().Update(t.Context(), apitest.Key(id), func(c *containersv1.Container) error {
		c.Annotations = map[string]string{containersv1.AnnotationAction: string(containersv1.ActionStop)}
		return nil
	}))
	apitest.Until(t, w.api.Containers(), apitest.Key(id), "a stop under way", func(c *containersv1.Container) bool {
		l := c.Status.LastAction
		return l != nil && l.Action == containersv1.ActionStop && l.State == containersv1.ActionPending
	})
	if l := w.do(id, containersv1.ActionKill); l.State != containersv1.ActionSucceeded {
		t.Errorf("kill: %+v", l)
	}
	for deadline := time.Now().Add(20 * time.Second); w.state(id) != "exited"; <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the container is %s", w.state(id))
		}
	}
}

func TestRealTagThatMovedIsLeftWhereItIs(t *testing.T) {
	w := start(t)
	old := w.docker.Docker(t, "inspect", "--format={{.Id}}", "busybox:latest")
	id := w.docker.Docker(t, "create", "--network=none", "busybox:latest", "true")
	w.docker.Docker(t, "commit", id, "busybox:latest") // as a pull would
	img := &containersv1.Image{ObjectMeta: mirrored(containersv1.ImageName(old, "busybox:latest"))}
	img.Status = containersv1.ImageStatus{ID: old, RepoTag: "busybox:latest"}
	w.must(w.api.Images().Create(t.Context(), img))
	ends(w, w.api.Images(), img.Name)
	if now := w.docker.Docker(t, "inspect", "--format={{.Id}}", "busybox:latest"); now == old {
		t.Error("the tag has not moved: the test proves nothing")
	}
}

func TestRealDeleteWaitsForTheEngineToBeReady(t *testing.T) {
	w := start(t)
	id := w.run("busybox:latest", "true")
	w.ready(metav1.ConditionFalse, appv1.ReasonReconnecting)
	if l := w.do(id, containersv1.ActionStart); l.State != containersv1.ActionFailed || !strings.Contains(l.Error, "not ready") {
		t.Errorf("last action is %+v", l)
	}
	w.must(nil, w.api.Containers().Delete(t.Context(), apitest.Key(id)))
	apitest.Until(t, w.api.Containers(), apitest.Key(id), "a delete that waits", func(c *containersv1.Container) bool {
		return condition.Get(c.Status.Conditions, containersv1.ConditionDeleting).Reason == containersv1.ReasonEngineAway
	})
	w.ready(metav1.ConditionTrue, appv1.ReasonConnected)
	isGone(w, w.api.Containers(), id)
}
