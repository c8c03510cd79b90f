package imagepull_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/controllers/imagepull"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/internal/registry"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
	"github.com/berth-desktop/berth/backend/registrylogin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a real Docker, a real registry, the real API, and the reconciler.
type world struct {
	t        *testing.T
	docker   *enginetest.Daemon
	registry *enginetest.Registry
	api      *apiserver.Server
	settings string     // docker's, which may hold logins
	stop     func()     // ends the reconciler
	pulls    chan error // how each ended
}

// told is an engine that tells how pulls end.
type told struct {
	registry.Puller
	pulls chan error
}

func (e told) PullImage(ctx context.Context, p engine.Pull, each func(engine.Progress)) (engine.Pulled, error) {
	pulled, err := e.Puller.PullImage(ctx, p, each)
	e.pulls <- err
	return pulled, err
}

func begin(t *testing.T, login bool) *world {
	t.Helper()
	w := &world{t: t, docker: enginetest.Start(t), registry: enginetest.StartRegistry(t, login), api: apitest.New(t), settings: t.TempDir(), pulls: make(chan error, 9)}
	eng, err := engine.Dial(w.docker.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close() })
	r := imagepull.New(imagepull.Config{
		Requests: w.api.ImagePulls(),
		Locate:   func(context.Context, string) (registry.Puller, error) { return told{eng, w.pulls}, nil },
		Logins: func(ctx context.Context, ref string) (engine.Login, error) {
			return registrylogin.For(ctx, w.settings, ref)
		},
		Now: time.Now, Log: apitest.Log(t),
	})
	w.stop = apitest.Run(t, r.Run)
	return w
}

// offer puts an image into the registry, and takes it away from the engine.
func (w *world) offer(name string) (ref string) {
	w.t.Helper()
	ref = w.registry.Host + "/" + name
	w.docker.Docker(w.t, "tag", "busybox:latest", ref)
	w.docker.Docker(w.t, "push", "-q", ref)
	w.docker.Docker(w.t, "rmi", "-f", ref, "busybox:latest")
	return ref
}

func (w *world) ask(name string, spec containers.ImagePullSpec) {
	w.t.Helper()
	_, err := w.api.ImagePulls().Create(w.t.Context(), &containers.ImagePull{
		ObjectMeta: metav1.ObjectMeta{Namespace: apitest.Namespace, Name: name}, Spec: spec,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) until(name, what string, ok func(*containers.ImagePullStatus) bool) *containers.ImagePullStatus {
	w.t.Helper()
	p := apitest.Until(w.t, w.api.ImagePulls(), apitest.Key(name), what, func(p *containers.ImagePull) bool { return ok(&p.Status) })
	return &p.Status
}

func (w *world) end(name string) *containers.ImagePullStatus {
	w.t.Helper()
	return &apitest.End(w.t, w.api.ImagePulls(), name, func(p *containers.ImagePull) []metav1.Condition { return p.Status.Conditions }).Status
}

func (w *world) fails(name, reason string, words ...string) {
	w.t.Helper()
	apitest.FailedFor(w.t, w.end(name).Conditions, reason, words...)
}

// stalled asks for an image of which the registry gives only the beginning.
func (w *world) stalled(name string) {
	w.t.Helper()
	ref := w.offer("slow:1")
	w.registry.Stall()
	w.ask(name, containers.ImagePullSpec{Reference: ref})
	w.until(name, "the beginning", func(s *containers.ImagePullStatus) bool { return s.BytesCurrent > 0 && s.BytesCurrent < s.BytesTotal })
}

func TestImagesArePulledAndProgressIsTold(t *testing.T) {
	w := begin(t, false)
	w.stalled("one")
	w.registry.Flow()
	s := w.end("one")
	ref := w.registry.Host + "/slow:1"
	id := w.docker.Docker(t, "inspect", "--format={{.Id}}", ref)
	if !condition.IsTrue(s.Conditions, containers.ConditionComplete) || s.ImageID != id || s.ImageName != containers.ImageName(id, ref) {
		t.Errorf("it ended as %+v, want %s", s, id)
	}
	if s.LayersDone != s.LayersTotal || s.LayersTotal != 1 || s.Progress != "" {
		t.Errorf("its progress is %+v", s)
	}
	digest := w.docker.Docker(t, "inspect", "--format={{index .RepoDigests 0}}", ref)
	w.ask("again", containers.ImagePullSpec{Reference: digest})
	if s := w.end("again"); s.ImageID != id || s.ImageName != "" {
		t.Errorf("by its digest it ended as %+v", s)
	}
}

func TestPullsThatCannotBeSayWhy(t *testing.T) {
	w := begin(t, false)
	ref := w.offer("there:1")
	for name, c := range map[string]struct {
		spec   containers.ImagePullSpec
		reason string
		words  []string
	}{
		"no-tag":   {containers.ImagePullSpec{Reference: w.registry.Host + "/there:2"}, containers.ReasonNoSuchImage, []string{"there:2", "Check the name"}},
		"no-name":  {containers.ImagePullSpec{Reference: w.registry.Host + "/nowhere:1"}, containers.ReasonNoSuchImage, []string{"nowhere:1"}},
		"nobody":   {containers.ImagePullSpec{Reference: "127.0.0.1:1/there:1"}, containers.ReasonRegistryUnreachable, []string{"cannot reach 127.0.0.1:1"}},
		"platform": {containers.ImagePullSpec{Reference: ref, Platform: "plan9/mips"}, containers.ReasonNoSuchImage, []string{"platform"}},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.ask(name, c.spec)
			w.fails(name, c.reason, c.words...)
		})
	}
}

func TestPullsUseTheLoginsOfDocker(t *testing.T) {
	w := begin(t, true)
	secret := base64.StdEncoding.EncodeToString([]byte(enginetest.User + ":" + enginetest.Password))
	login := func(auth string) string { return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, w.registry.Host, auth) }
	client := filepath.Join(filepath.Dir(w.docker.Socket()), "cli")
	if err := os.MkdirAll(client, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(client, "config.json"), login(secret))
	ref := w.offer("mine:1")

	w.ask("stranger", containers.ImagePullSpec{Reference: ref})
	w.fails("stranger", containers.ReasonAccessDenied, "docker login "+w.registry.Host)

	settings := filepath.Join(w.settings, "config.json")
	write(t, settings, login(base64.StdEncoding.EncodeToString([]byte("berth:wrong"))))
	w.ask("wrong", containers.ImagePullSpec{Reference: ref})
	w.fails("wrong", containers.ReasonAccessDenied, "somebody else")

	write(t, settings, `{"credsStore":"nowhere-to-be-found"}`)
	w.ask("unread", containers.ImagePullSpec{Reference: ref})
	w.fails("unread", containers.ReasonAccessDenied, "could not be read")

	write(t, settings, login(secret))
	w.ask("known", containers.ImagePullSpec{Reference: ref})
	if s := w.end("known"); !condition.IsTrue(s.Conditions, containers.ConditionComplete) {
		t.Errorf("it ended as %+v", s)
	}
	p, err := w.api.ImagePulls().Get(t.Context(), apitest.Key("known"))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%+v", p); strings.Contains(text, enginetest.Password) || strings.Contains(text, secret) {
		t.Errorf("the login is in the object: %s", text)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDeletingAPullCancelsIt(t *testing.T) {
	w := begin(t, false)
	w.stalled("one")
	if err := w.api.ImagePulls().Delete(t.Context(), apitest.Key("one")); err != nil {
		t.Fatal(err)
	}
	if err := <-w.pulls; !errors.Is(err, context.Canceled) { // while the registry holds the rest of it back
		t.Errorf("the pull ended with %v", err)
	}
	if _, err := w.api.ImagePulls().Get(t.Context(), apitest.Key("one")); !apierrors.IsNotFound(err) {
		t.Errorf("it came back: %v", err)
	}
	// What has its name afterwards is another request.
	w.registry.Flow()
	w.ask("one", containers.ImagePullSpec{Reference: w.registry.Host + "/slow:1"})
	if s := w.end("one"); !condition.IsTrue(s.Conditions, containers.ConditionComplete) {
		t.Errorf("the next one ended as %+v", s)
	}
}

func TestPullsEndWithTheDaemonAndWithTheEngine(t *testing.T) {
	t.Run("Berth", func(t *testing.T) {
		w := begin(t, false)
		w.stalled("one")
		w.stop()
		w.fails("one", containers.ReasonInterrupted, "interrupted", "Pull it again")
	})
	t.Run("engine", func(t *testing.T) {
		w := begin(t, false)
		w.stalled("one")
		w.docker.Kill(t)
		w.fails("one", containers.ReasonInterrupted, "berth start")
	})
}
