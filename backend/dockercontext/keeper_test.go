package dockercontext_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/dockercontext"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is an API with an App, and docker's folder.
type world struct {
	t     *testing.T
	api   *apiserver.Server
	place dockercontext.Place
}

func newWorld(t *testing.T) world {
	dir := t.TempDir()
	api, err := apiserver.New(apiserver.Config{
		Objects: filepath.Join(dir, "objects"), Kubeconfig: filepath.Join(dir, "kubeconfig"), Socket: filepath.Join(dir, "s"),
		Address: "127.0.0.1:0", Namespace: "berth", Version: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	app := &appv1.App{ObjectMeta: metav1.ObjectMeta{Name: appv1.AppName}, Spec: appv1.AppSpec{Running: true}}
	appv1.SetDefaults_AppSpec(&app.Spec)
	if _, err := api.Apps().Create(t.Context(), app); err != nil {
		t.Fatal(err)
	}
	return world{t, api, dockercontext.Place{Name: "berth", Dir: filepath.Join(dir, ".docker"), State: filepath.Join(dir, "state")}}
}

// run has a Keeper run until stop is called.
func (w world) run() (stop func()) {
	k := dockercontext.New(dockercontext.Config{
		Place: func() (dockercontext.Place, error) { return w.place, nil },
		Apps:  w.api.Apps(), Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Run(ctx) }()
	return func() {
		w.t.Helper()
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Run = %v", err)
		}
	}
}

// ready has the App say that its engine is, or is not, ready.
func (w world) ready(endpoint string) {
	w.t.Helper()
	_, err := w.api.Apps().UpdateStatus(w.t.Context(), types.NamespacedName{Name: appv1.AppName}, func(a *appv1.App) error {
		is := metav1.ConditionFalse
		a.Status.Engine = nil
		if endpoint != "" {
			is, a.Status.Engine = metav1.ConditionTrue, &appv1.EngineStatus{Endpoint: endpoint}
		}
		for _, name := range []string{appv1.ConditionRunning, appv1.ConditionContainerEngineReady} {
			condition.Set(&a.Status.Conditions, metav1.Condition{Type: name, Status: is, Reason: "Test", ObservedGeneration: a.Generation}, time.Now())
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// says waits until App says so of the context.
func (w world) says(reason string) string {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; <-time.After(5 * time.Millisecond) {
		a, err := w.api.Apps().Get(w.t.Context(), types.NamespacedName{Name: appv1.AppName})
		if err != nil {
			w.t.Fatal(err)
		}
		c := condition.Get(a.Status.Conditions, dockercontext.Condition)
		if c.Reason == reason && c.ObservedGeneration == a.Generation {
			return c.Message
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("App says %+v, want %s", c, reason)
		}
	}
}

func (w world) docker(args ...string) (string, error) {
	cmd := exec.CommandContext(w.t.Context(), "docker", args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.place.State, "DOCKER_CONFIG=" + w.place.Dir}
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (w world) writeConfig(text string) {
	w.t.Helper()
	if err := os.MkdirAll(w.place.Dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.place.Dir, "config.json"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func TestDockerReachesTheEngineWhileItIsReady(t *testing.T) {
	d := enginetest.Start(t)
	w := newWorld(t)
	w.writeConfig(`{"currentContext":"gone"}`)
	stop := w.run()
	w.says(dockercontext.ReasonStopped)
	w.ready(d.Endpoint())
	w.says(dockercontext.ReasonSwitched)
	for _, args := range [][]string{{"--context", "berth", "ps"}, {"ps"}, {"context", "ls"}} {
		if out, err := w.docker(args...); err != nil {
			t.Errorf("docker %v: %v\n%s", args, err, out)
		}
	}
	w.ready("")
	w.says(dockercontext.ReasonStopped)
	if out, err := w.docker("--context", "berth", "ps"); err == nil {
		t.Errorf("the context is still there:\n%s", out)
	}
	w.ready(d.Endpoint())
	w.says(dockercontext.ReasonSwitched)
	stop()
	if now, err := dockercontext.Current(w.place.Dir); err != nil || now != "gone" {
		t.Errorf("the current context is %q, %v", now, err)
	}
	if all, err := dockercontext.List(w.place.Dir); err != nil || len(all) > 0 {
		t.Errorf("left: %+v, %v", all, err)
	}
}

func TestANewDaemonPutsRightWhatAKilledOneLeft(t *testing.T) {
	w := newWorld(t)
	w.writeConfig(`{"currentContext":"gone"}`)
	if _, err := w.place.Offer(t.Context(), "unix:///nowhere/b.sock"); err != nil {
		t.Fatal(err)
	}
	stop := w.run()
	w.says(dockercontext.ReasonStopped)
	if now, err := dockercontext.Current(w.place.Dir); err != nil || now != "gone" {
		t.Errorf("the current context is %q, %v", now, err)
	}
	stop()
}

func TestTroubleIsReportedAndStopsNothing(t *testing.T) {
	w := newWorld(t)
	w.writeConfig(`{"auths":`)
	stop := w.run()
	w.ready("unix:///b.sock")
	if said := w.says(dockercontext.ReasonRefused); !strings.Contains(said, "config.json") {
		t.Errorf("App says %q", said)
	}
	w.ready("")
	w.says(dockercontext.ReasonStopped)
	stop()
	if text, err := os.ReadFile(filepath.Join(w.place.Dir, "config.json")); err != nil || json.Valid(text) || string(text) != `{"auths":` {
		t.Errorf("config.json is %q, %v", text, err)
	}
}
