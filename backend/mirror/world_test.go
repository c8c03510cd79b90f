package mirror

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const namespace = "berth"

// world is a mirror between a real API and an engine.
type world struct {
	t          testing.TB
	cfg        Config
	kubeconfig string
	mirror     *Mirror
	watched    atomic.Bool

	mu      sync.Mutex // guards below
	history []metav1.Condition
	steps   []app.StartupStep
}

// newWorld makes the API and an App whose machine runs at endpoint; begin starts the mirror.
func newWorld(t testing.TB, dial func(string) (Engine, error)) *world {
	t.Helper()
	api, kubeconfig := newAPI(t)
	w := &world{t: t, kubeconfig: kubeconfig}
	w.cfg = Config{
		Apps: api.Apps(), Containers: api.Containers(), Images: api.Images(), Volumes: api.Volumes(), Networks: api.Networks(),
		ContainerNamespaces: api.ContainerNamespaces(),
		Dial:                dial, Watched: w.watched.Load, Log: slog.New(slog.DiscardHandler),
	}
	if testing.Verbose() {
		w.cfg.Log = slog.New(slog.NewTextHandler(testWriter{t}, nil))
	}
	w.mirror = New(w.cfg)
	return w
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p[:len(p)-1])
	return len(p), nil
}

// newAPI serves an API until the test ends.
func newAPI(t testing.TB) (api *apiserver.Server, kubeconfig string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "mir") //nolint:usetesting // t.TempDir makes too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig = filepath.Join(dir, "kubeconfig")
	api, err = apiserver.New(apiserver.Config{
		Objects: filepath.Join(dir, "objects"), Kubeconfig: kubeconfig, Socket: filepath.Join(dir, "api.sock"),
		Address: "127.0.0.1:0", Namespace: namespace, Version: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- api.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the API ended with %v", err)
		}
		_ = os.RemoveAll(dir)
	})
	select {
	case <-api.Ready():
	case err := <-ended:
		ended <- err
		t.Fatalf("the API does not begin: %v", err)
	}
	return api, kubeconfig
}

// withFake is a world around a fake, with a pace for tests, whose mirror has finished its first read.
func withFake(t *testing.T, f *fake, change ...func(*world)) *world {
	t.Helper()
	w := newWorld(t, func(string) (Engine, error) { return f, nil })
	w.mirror.pace.heartbeat = 50 * time.Millisecond
	w.mirror.pace.inspect = 30 * time.Millisecond
	w.mirror.pace.retry = 50 * time.Millisecond
	for _, c := range change {
		c(w)
	}
	w.begin("unix:///fake.sock")
	w.awaitReason(app.ReasonConnected)
	return w
}

// begin starts the mirror, and then tells it of a machine.
func (w *world) begin(endpoint string) {
	w.t.Helper()
	w.run()
	w.createApp()
	w.machineRuns(endpoint)
}

// run runs the mirror until the test ends.
func (w *world) run() {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := w.mirror.Run(ctx); err != nil {
			w.t.Errorf("the mirror ended with %v", err)
		}
	})
	all.Go(func() { w.follow(ctx) })
	w.t.Cleanup(func() {
		cancel()
		all.Wait()
	})
}

// follow keeps what was said on App.
func (w *world) follow(ctx context.Context) {
	events, err := w.cfg.Apps.Watch(ctx, "")
	if err != nil {
		w.t.Errorf("watch App: %v", err)
		return
	}
	defer events.Stop()
	for e := range events.ResultChan() {
		a, ok := e.Object.(*app.App)
		if !ok || a.Name == "" {
			continue
		}
		w.mu.Lock()
		if c := condition.Get(a.Status.Conditions, app.ConditionContainerEngineReady); c.Reason != "" &&
			(len(w.history) == 0 || w.history[len(w.history)-1] != c) {
			w.history = append(w.history, c)
		}
		if s := a.Status.Startup; s != nil {
			w.steps = append(w.steps, s.Steps...)
		}
		w.mu.Unlock()
	}
}

// said gives the reasons of ContainerEngineReady in order, each once in a row.
func (w *world) said() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []string
	for _, c := range w.history {
		if len(all) == 0 || all[len(all)-1] != c.Reason {
			all = append(all, c.Reason)
		}
	}
	return all
}

func (w *world) createApp() {
	w.t.Helper()
	_, err := w.cfg.Apps.Create(w.t.Context(), &app.App{
		ObjectMeta: metav1.ObjectMeta{Name: app.AppName},
		Spec: app.AppSpec{Running: true, Namespace: namespace, ContainerEngine: app.ContainerEngine{
			Provider: app.ProviderNative, Name: app.EngineMoby,
		}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// machine says what the App reconciler would say.
func (w *world) machine(status metav1.ConditionStatus, reason string, change ...func(*app.AppStatus)) {
	w.t.Helper()
	_, err := w.cfg.Apps.UpdateStatus(w.t.Context(), types.NamespacedName{Name: app.AppName}, func(a *app.App) error {
		condition.Set(&a.Status.Conditions, metav1.Condition{
			Type: app.ConditionRunning, Status: status, Reason: reason, ObservedGeneration: a.Generation,
		}, time.Now())
		for _, c := range change {
			c(&a.Status)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) machineRuns(endpoint string) {
	w.t.Helper()
	w.machine(metav1.ConditionTrue, app.ReasonStarted, func(s *app.AppStatus) {
		if s.Engine == nil {
			s.Engine = &app.EngineStatus{}
		}
		s.Engine.Endpoint = endpoint
		if s.Startup == nil {
			s.Startup = &app.StartupStatus{StartedAt: nowMicro(), Steps: []app.StartupStep{{Name: "Starting Docker", State: app.StepDone, StartedAt: nowMicro()}}}
		}
	})
}

// want changes App's spec, and gives the generation that this made.
func (w *world) want(change func(*app.AppSpec)) int64 {
	w.t.Helper()
	a, err := w.cfg.Apps.Update(w.t.Context(), types.NamespacedName{Name: app.AppName}, func(a *app.App) error {
		change(&a.Spec)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Generation
}

func (w *world) app() *app.App {
	w.t.Helper()
	a, err := w.cfg.Apps.Get(w.t.Context(), types.NamespacedName{Name: app.AppName})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) ready() metav1.Condition {
	return condition.Get(w.app().Status.Conditions, app.ConditionContainerEngineReady)
}

func (w *world) awaitReason(reason string) {
	w.t.Helper()
	w.eventually("ContainerEngineReady for "+reason, func() bool { return w.ready().Reason == reason })
}

// eventually waits for what others do in their own time.
func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); !ok(); <-time.After(2 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("%s: not within a minute; ContainerEngineReady is %+v", what, w.ready())
		}
	}
}

func (w *world) containers() map[string]containers.Container {
	w.t.Helper()
	all, err := w.cfg.Containers.List(w.t.Context(), namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	byName := map[string]containers.Container{}
	for _, c := range all {
		byName[c.Name] = c
	}
	return byName
}

// images gives the images' IDs by tag; those of images without tags by "<none>" and ID.
func (w *world) images() map[string]string {
	w.t.Helper()
	all, err := w.cfg.Images.List(w.t.Context(), namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	byTag := map[string]string{}
	for _, i := range all {
		tag := i.Status.RepoTag
		if tag == "" {
			tag = "<none>" + i.Status.ID
		}
		if had, ok := byTag[tag]; ok {
			byTag[tag] = had + " and " + i.Status.ID // two owners of one tag
			continue
		}
		byTag[tag] = i.Status.ID
	}
	return byTag
}

func (w *world) volumes() map[string]containers.Volume {
	w.t.Helper()
	all, err := w.cfg.Volumes.List(w.t.Context(), namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	byName := map[string]containers.Volume{}
	for _, v := range all {
		byName[v.Status.Name] = v
	}
	return byName
}

func (w *world) networks() map[string]containers.Network {
	w.t.Helper()
	all, err := w.cfg.Networks.List(w.t.Context(), namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	byName := map[string]containers.Network{}
	for _, n := range all {
		byName[n.Name] = n
	}
	return byName
}

func (w *world) awaitState(n int, s containers.State) {
	w.t.Helper()
	w.eventually("container "+id(n)[56:]+" for "+string(s), func() bool { return w.containers()[id(n)].Status.Status == s })
}

// versions tells every object with its version, to see that nothing was written.
func (w *world) versions() map[string]string {
	all := map[string]string{}
	for name, c := range w.containers() {
		all["container "+name] = c.ResourceVersion
	}
	for name, v := range w.volumes() {
		all["volume "+name] = v.ResourceVersion
	}
	images, err := w.cfg.Images.List(w.t.Context(), namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, i := range images {
		all["image "+i.Name] = i.ResourceVersion
	}
	for name, n := range w.networks() {
		all["network "+name] = n.ResourceVersion
	}
	namespaces, err := w.cfg.ContainerNamespaces.List(w.t.Context(), namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, n := range namespaces {
		all["namespace "+n.Name] = n.ResourceVersion
	}
	return all
}

var _ Engine = (*engine.Client)(nil)
