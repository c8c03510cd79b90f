package controllers_test

import (
	"context"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/mirror"
)

// want changes App's spec and waits until all agree with it.
func (w *world) want(change func(*appv1.AppSpec)) {
	w.t.Helper()
	changed, err := w.api.Apps().Update(w.t.Context(), appKey(), func(a *appv1.App) error {
		change(&a.Spec)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	apitest.Until(w.t, w.api.Apps(), appKey(), "a settled App", func(a *appv1.App) bool {
		c, ok := condition.Since(a.Status.Conditions, appv1.ConditionSettled, changed.Generation)
		return ok && c.Status == metav1.ConditionTrue
	})
}

// The mirror and the controllers know nothing of one another but what the API says.
func TestRealMirrorAndControllersMeetInTheAPI(t *testing.T) {
	w := begin(t)
	apitest.Run(t, func(ctx context.Context) error {
		return mirror.New(mirror.Config{
			Apps: w.api.Apps(), Containers: w.api.Containers(), Images: w.api.Images(), Volumes: w.api.Volumes(),
			Networks:            w.api.Networks(),
			ContainerNamespaces: w.api.ContainerNamespaces(),
			Dial:                func(endpoint string) (mirror.Engine, error) { return engine.Dial(endpoint) },
			Watched:             func() bool { return true },
			Log:                 apitest.Log(t),
		}).Run(ctx)
	})
	id := w.docker.Docker(t, "create", "--network=none", "--stop-timeout=1", "--volume=data:/data", "busybox:latest", "sleep", "1000")
	w.want(func(s *appv1.AppSpec) { s.Running = true })

	is := func(state containersv1.State) {
		t.Helper()
		apitest.Until(t, w.api.Containers(), apitest.Key(id), string(state), func(c *containersv1.Container) bool { return c.Status.Status == state })
	}
	is(containersv1.StateCreated)
	w.do(id, containersv1.ActionStart)
	is(containersv1.StateRunning)
	volume := containersv1.VolumeName("data")
	if err := w.api.Volumes().Delete(t.Context(), apitest.Key(volume)); err != nil {
		t.Fatal(err)
	}
	apitest.Until(t, w.api.Volumes(), apitest.Key(volume), "a volume in use", func(v *containersv1.Volume) bool {
		return condition.Get(v.Status.Conditions, containersv1.ConditionDeleting).Reason == containersv1.ReasonInUse
	})
	w.docker.Docker(t, "rm", "--force", id) // somebody else frees it
	isGone(w, w.api.Containers(), id)
	isGone(w, w.api.Volumes(), volume)

	// A stop takes the mirror away, and nothing in the engine.
	w.docker.Docker(t, "create", "--network=none", "--name=stays", "busybox:latest", "true")
	w.want(func(s *appv1.AppSpec) { s.Running = false })
	if all, err := w.api.Images().List(t.Context(), apitest.Namespace); err != nil || len(all) != 0 {
		t.Errorf("%d images are still mirrored: %v", len(all), err)
	}
	w.docker.Docker(t, "inspect", "stays", "busybox:latest")
	w.want(func(s *appv1.AppSpec) { s.Running = true })
	w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Host = w.docker.Endpoint() })
	w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Name = appv1.EngineContainerd })
}
