package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// envDaemon makes the test binary a daemon: one with the real API and nothing behind it.
const envDaemon = "BERTH_TEST_DAEMON"

func TestMain(m *testing.M) {
	if how := os.Getenv(envDaemon); how != "" {
		if err := serve(how); err != nil {
			fmt.Fprintln(os.Stderr, "berth:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func serve(how string) error {
	if how == "broken" {
		return errors.New("the moon is full")
	}
	p, err := paths.FromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	release, err := client.Hold(ctx, p)
	if err != nil {
		return err
	}
	begun, err := os.CreateTemp(p.State, "begun-*")
	if err != nil {
		return err
	}
	api, err := newAPI(p)
	if err != nil {
		return err
	}
	return errors.Join(begun.Close(), api.Run(ctx), release())
}

func newAPI(p paths.Paths) (*apiserver.Server, error) {
	return apiserver.New(apiserver.Config{
		Objects: p.Objects(), Kubeconfig: p.Kubeconfig(), Socket: p.APISocket(), Address: "127.0.0.1:0", Namespace: "berth", Version: "v1.2.3",
		Local: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"url":"http://127.0.0.1:1/#token=x"}`)
		}),
		Log: slog.New(slog.DiscardHandler),
	})
}

// places are those of an instance of the test's own, and the environment that leads there.
func places(t *testing.T) (paths.Paths, []string) {
	t.Helper()
	home, err := os.MkdirTemp("", "bc") //nolint:usetesting // a socket needs a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	p, err := paths.FromEnvironment(func(k string) string {
		return map[string]string{paths.EnvHome: home}[k]
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{p.Objects(), p.Runtime} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return p, append(os.Environ(), paths.EnvHome+"="+home, paths.EnvInstance+"=", envDaemon+"=yes")
}

// options start a daemon that is this test binary, and end it with the test.
func options(t *testing.T) client.Options {
	t.Helper()
	p, env := places(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Quit(context.Background(), p); err != nil {
			t.Errorf("end the daemon: %v", err)
		}
	})
	return client.Options{Paths: p, Start: true, Executable: self, Env: env}
}

func connect(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	c, err := client.Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func begun(t *testing.T, p paths.Paths) int {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(p.State, "begun-*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestNoDaemonIsAnErrorUnlessOneMayBeStarted(t *testing.T) {
	p, _ := places(t)
	_, err := client.Connect(t.Context(), client.Options{Paths: p})
	if !errors.Is(err, client.ErrNotRunning) || !errors.Is(err, client.ErrUnreachable) {
		t.Fatalf("got %v, want one that says that none runs", err)
	}
}

func TestConnectStartsTheDaemonAndFindsItAgain(t *testing.T) {
	o := options(t)
	if got := connect(t, o).Version(); got != "v1.2.3" {
		t.Errorf("the daemon's version is %q", got)
	}
	connect(t, o)
	o.Start = false
	connect(t, o)
	if n := begun(t, o.Paths); n != 1 {
		t.Errorf("%d daemons were started, want 1", n)
	}
}

func TestADaemonStartsBesideAFaceThatMadeItsFolder(t *testing.T) {
	o := options(t)
	if err := os.MkdirAll(o.Paths.Runtime, 0o700); err != nil { // as the tray does for its own lock
		t.Fatal(err)
	}
	if err := os.RemoveAll(o.Paths.State); err != nil {
		t.Fatal(err)
	}
	connect(t, o)
}

func TestFacesThatStartAtOnceShareOneDaemon(t *testing.T) {
	o := options(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			c, err := client.Connect(t.Context(), o)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := c.Apps().List(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := begun(t, o.Paths); n != 1 {
		t.Errorf("%d daemons held the lock, want 1", n)
	}
	if left := processesOf(t, o); len(left) != 1 {
		t.Errorf("faces that came second left theirs behind: %v", left)
	}
}

// processesOf are the processes that run in the environment of o, where the system shows that.
func processesOf(t *testing.T, o client.Options) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	home := filepath.Dir(o.Paths.State)
	return slices.DeleteFunc(all, func(name string) bool {
		env, err := os.ReadFile(name)
		return err != nil || !strings.Contains(string(env), paths.EnvHome+"="+home+"\x00")
	})
}

func TestASecondDaemonStepsBack(t *testing.T) {
	o := options(t)
	connect(t, o)
	cmd := exec.CommandContext(t.Context(), o.Executable)
	cmd.Env = o.Env
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), client.ErrRunning.Error()) {
		t.Fatalf("got %v and %q, want one that says that another daemon runs", err, out)
	}
}

func TestQuitEndsTheDaemonAndTheNextConnectStartsAnother(t *testing.T) {
	o := options(t)
	c := connect(t, o)
	if err := client.Quit(t.Context(), o.Paths); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Apps().List(t.Context()); !errors.Is(err, client.ErrNotRunning) {
		t.Errorf("got %v after the daemon was ended", err)
	}
	if err := client.Quit(t.Context(), o.Paths); err != nil {
		t.Errorf("ending none: %v", err)
	}
	connect(t, o)
	if _, err := c.Apps().List(t.Context()); err != nil {
		t.Errorf("the first client does not go on with the new daemon: %v", err)
	}
}

func TestADaemonThatEndsAtOnceSaysWhy(t *testing.T) {
	o := options(t)
	o.Env = append(o.Env, envDaemon+"=broken")
	_, err := client.Connect(t.Context(), o)
	failed, ok := errors.AsType[*client.StartError](err)
	if !ok || !errors.Is(err, client.ErrUnreachable) {
		t.Fatalf("got %v", err)
	}
	if len(failed.Tail) != 1 || !strings.Contains(failed.Tail[0], "the moon is full") {
		t.Errorf("it says %q", failed.Tail)
	}
}

func TestASocketThatAnswersRubbishIsUnreachable(t *testing.T) {
	p, _ := places(t)
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", p.APISocket())
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	_, err = client.Connect(t.Context(), client.Options{Paths: p, Start: true, Executable: "/nowhere"})
	if !errors.Is(err, client.ErrUnreachable) || errors.Is(err, client.ErrNotRunning) {
		t.Fatalf("got %v", err)
	}
}

func TestADaemonThatHangsUpHasEnded(t *testing.T) {
	dying := func(p paths.Paths) {
		l, err := new(net.ListenConfig).Listen(t.Context(), "unix", p.APISocket())
		if err != nil {
			t.Fatal(err)
		}
		go func() { // as one that is killed: those that it listened to are let go one after another
			for range 3 {
				if c, err := l.Accept(); err == nil {
					_ = c.Close()
				}
			}
			_ = l.Close()
		}()
		t.Cleanup(func() { _ = l.Close() })
	}
	o := options(t)
	dying(o.Paths)
	connect(t, o)
	p, _ := places(t)
	dying(p)
	if _, err := client.Connect(t.Context(), client.Options{Paths: p}); !errors.Is(err, client.ErrNotRunning) {
		t.Errorf("got %v, want one that says that none runs", err)
	}
}

func TestAPIErrorsKeepTheirKind(t *testing.T) {
	c := connect(t, options(t))
	_, err := c.Apps().Get(t.Context(), "none")
	if !apierrors.IsNotFound(err) {
		t.Errorf("get: %v", err)
	}
	if err := c.Containers("berth").Delete(t.Context(), "none"); !apierrors.IsNotFound(err) {
		t.Errorf("delete: %v", err)
	}
	if _, err := c.Stream(t.Context(), "/apis/nothing"); !apierrors.IsNotFound(err) {
		t.Errorf("stream: %v", err)
	}
	create(t, c)
	_, err = c.Apps().Patch(t.Context(), appv1.AppName, map[string]any{"spec": map[string]any{"containerEngine": map[string]any{"provider": "moon"}}})
	if !apierrors.IsInvalid(err) {
		t.Errorf("patch: %v", err)
	}
}

func TestTryPatchChangesNothing(t *testing.T) {
	c := connect(t, options(t))
	create(t, c)
	tried, err := c.Apps().TryPatch(t.Context(), appv1.AppName, map[string]any{"spec": map[string]any{"running": true}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.App(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !tried.Spec.Running || got.Spec.Running {
		t.Errorf("tried %v, stored %v", tried.Spec.Running, got.Spec.Running)
	}
}

func TestAppWaitsForADaemonThatHasJustStarted(t *testing.T) {
	c := connect(t, options(t))
	done := make(chan error, 1)
	go func() {
		_, err := c.App(t.Context())
		done <- err
	}()
	create(t, c)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestOpenPageGivesTheAddress(t *testing.T) {
	c := connect(t, options(t))
	if url, err := c.OpenPage(t.Context()); err != nil || url != "http://127.0.0.1:1/#token=x" {
		t.Fatalf("got %q, %v", url, err)
	}
}

func create(t *testing.T, c *client.Client) {
	t.Helper()
	body, err := json.Marshal(&appv1.App{
		TypeMeta:   metav1.TypeMeta{APIVersion: appv1.SchemeGroupVersion.String(), Kind: "App"},
		ObjectMeta: metav1.ObjectMeta{Name: appv1.AppName},
		Spec:       appv1.AppSpec{ContainerEngine: appv1.ContainerEngine{Provider: appv1.ProviderHost}},
	})
	if err != nil {
		t.Fatal(err)
	}
	status, answer, err := c.Do(t.Context(), http.MethodPost, "/apis/app.berth.desktop/v1alpha1/apps", "application/json", body)
	if err != nil || status != http.StatusCreated {
		t.Fatalf("create the App: %d %s %v", status, answer, err)
	}
}

func TestVersionsAreTheSameHoweverTheAPIWritesThem(t *testing.T) {
	for name, tt := range map[string]struct {
		daemon, program string
		want            bool
	}{
		"the same":             {"v1.2.3", "v1.2.3", true},
		"what the API may say": {"v1.2.3-4-gabc-dirty", "v1.2.3-4-gabc+dirty", true},
		"an older one":         {"v1.2.2", "v1.2.3", false},
		"no version":           {"dev", "v1.2.3", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := client.SameVersion(tt.daemon, tt.program); got != tt.want {
				t.Errorf("it says %v", got)
			}
		})
	}
}
