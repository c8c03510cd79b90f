package imagepush_test

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
	"github.com/berth-desktop/berth/backend/controllers/imagepush"
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
	settings string     // the file of docker's, which may hold logins
	stop     func()     // ends the reconciler
	pushes   chan error // how each ended
}

// told is an engine that tells how pushes end.
type told struct {
	registry.Pusher
	pushes chan error
}

func (e told) PushImage(ctx context.Context, p engine.Push, each func(engine.Progress)) (string, error) {
	digest, err := e.Pusher.PushImage(ctx, p, each)
	e.pushes <- err
	return digest, err
}

func begin(t *testing.T, login bool) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{
		t: t, docker: enginetest.Start(t), registry: enginetest.StartRegistry(t, login), api: apitest.New(t),
		settings: filepath.Join(dir, "config.json"), pushes: make(chan error, 9),
	}
	eng, err := engine.Dial(w.docker.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close() })
	r := imagepush.New(imagepush.Config{
		Requests: w.api.ImagePushes(),
		Locate:   func(context.Context, string) (registry.Pusher, error) { return told{eng, w.pushes}, nil },
		Logins:   func(ctx context.Context, ref string) (engine.Login, error) { return registrylogin.For(ctx, dir, ref) },
		Now:      time.Now, Log: apitest.Log(t),
	})
	w.stop = apitest.Run(t, r.Run)
	return w
}

// named gives busybox a name at the registry.
func (w *world) named(name string) (ref string) {
	w.t.Helper()
	ref = w.registry.Host + "/" + name
	w.docker.Docker(w.t, "tag", "busybox:latest", ref)
	return ref
}

func (w *world) ask(name, ref string) {
	w.t.Helper()
	_, err := w.api.ImagePushes().Create(w.t.Context(), &containers.ImagePush{
		ObjectMeta: metav1.ObjectMeta{Namespace: apitest.Namespace, Name: name}, Spec: containers.ImagePushSpec{Reference: ref},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) end(name string) *containers.ImagePushStatus {
	w.t.Helper()
	return &apitest.End(w.t, w.api.ImagePushes(), name, func(p *containers.ImagePush) []metav1.Condition { return p.Status.Conditions }).Status
}

func (w *world) fails(name, reason string, words ...string) {
	w.t.Helper()
	apitest.FailedFor(w.t, w.end(name).Conditions, reason, words...)
}

// stalled asks for a push of which the registry takes only the beginning.
func (w *world) stalled(name string) (ref string) {
	w.t.Helper()
	ref = w.named("slow:1")
	w.registry.Stall()
	w.ask(name, ref)
	apitest.Until(w.t, w.api.ImagePushes(), apitest.Key(name), "the beginning", func(p *containers.ImagePush) bool {
		return p.Status.BytesCurrent > 0 && strings.HasPrefix(p.Status.Progress, "Pushing "+ref+": 0 of 1 layers, ")
	})
	return ref
}

func TestImagesArePushedAndProgressIsTold(t *testing.T) {
	w := begin(t, false)
	ref := w.stalled("one")
	w.registry.Flow()
	s := w.end("one")
	if !condition.IsTrue(s.Conditions, containers.ConditionComplete) {
		t.Fatalf("it ended as %+v", s)
	}
	if s.LayersDone != 1 || s.LayersTotal != 1 || s.Progress != "" || s.BytesCurrent != s.BytesTotal || s.BytesTotal == 0 {
		t.Errorf("its progress is %+v", s)
	}
	// Whoever has the digest gets the image.
	w.docker.Docker(t, "rmi", "-f", ref)
	w.docker.Docker(t, "pull", "-q", w.registry.Host+"/slow@"+s.Digest)
	w.docker.Docker(t, "run", "--rm", "--network", "none", w.registry.Host+"/slow@"+s.Digest, "true")

	w.ask("again", w.named("slow:2"))
	if again := w.end("again"); again.Digest != s.Digest {
		t.Errorf("what is there already ended as %+v", again)
	}
}

func TestPushesThatCannotBeSayWhy(t *testing.T) {
	w := begin(t, false)
	w.docker.Docker(t, "tag", "busybox:latest", "127.0.0.1:1/there:1")
	for name, c := range map[string]struct {
		ref, reason string
		words       []string
	}{
		"no-image": {w.registry.Host + "/nowhere:1", containers.ReasonNoSuchImage, []string{"nowhere:1", "berth image tag"}},
		"nobody":   {"127.0.0.1:1/there:1", containers.ReasonRegistryUnreachable, []string{"cannot reach 127.0.0.1:1"}},
	} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.ask(name, c.ref)
			w.fails(name, c.reason, c.words...)
		})
	}
}

func TestPushesUseTheLoginsOfDocker(t *testing.T) {
	w := begin(t, true)
	ref := w.named("mine:1")
	secret := base64.StdEncoding.EncodeToString([]byte(enginetest.User + ":" + enginetest.Password))
	login := func(auth string) string { return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, w.registry.Host, auth) }
	for _, c := range []struct {
		name, settings, words string // no words for one that succeeds
	}{
		{"stranger", `{}`, "docker login " + w.registry.Host},
		{"wrong", login(base64.StdEncoding.EncodeToString([]byte("berth:wrong"))), "somebody else"},
		{"unread", `{"credsStore":"nowhere-to-be-found"}`, "could not be read"},
		{"known", login(secret), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			if err := os.WriteFile(w.settings, []byte(c.settings), 0o600); err != nil {
				t.Fatal(err)
			}
			w.ask(c.name, ref)
			if c.words != "" {
				w.fails(c.name, containers.ReasonAccessDenied, c.words)
				return
			}
			s := w.end(c.name)
			if !condition.IsTrue(s.Conditions, containers.ConditionComplete) {
				t.Errorf("it ended as %+v", s)
			}
			if text := fmt.Sprintf("%+v", s); strings.Contains(text, enginetest.Password) || strings.Contains(text, secret) {
				t.Errorf("the login is in the object: %s", text)
			}
		})
	}
}

func TestDeletingAPushCancelsIt(t *testing.T) {
	w := begin(t, false)
	w.stalled("one")
	if err := w.api.ImagePushes().Delete(t.Context(), apitest.Key("one")); err != nil {
		t.Fatal(err)
	}
	if err := <-w.pushes; !errors.Is(err, context.Canceled) { // while the registry takes no more of it
		t.Errorf("the push ended with %v", err)
	}
	if _, err := w.api.ImagePushes().Get(t.Context(), apitest.Key("one")); !apierrors.IsNotFound(err) {
		t.Errorf("it came back: %v", err)
	}
}

func TestPushesEndWithTheDaemonAndWithTheEngine(t *testing.T) {
	t.Run("Berth", func(t *testing.T) {
		w := begin(t, false)
		w.stalled("one")
		w.stop()
		w.fails("one", containers.ReasonInterrupted, "interrupted", "Push it again")
	})
	t.Run("engine", func(t *testing.T) {
		w := begin(t, false)
		w.stalled("one")
		w.docker.Kill(t)
		w.fails("one", containers.ReasonInterrupted, "berth start")
	})
}
