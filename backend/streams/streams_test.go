package streams_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
	"github.com/berth-desktop/berth/backend/streams"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	namespace = "berth"
	patience  = 20 * time.Second
)

// world is a real engine, and the real API that asks it. Objects are put there by hand: the mirror is another's test.
type world struct {
	t      *testing.T
	docker *enginetest.Daemon
	api    *apiserver.Server
	socket string
	kube   *rest.Config
	http   *http.Client
	stop   func() // ends the API
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, docker: enginetest.Start(t)}
	client, err := engine.Dial(w.docker.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	s := streams.New(streams.Config{
		Engine: func(context.Context, string) (*engine.Client, error) { return client, nil },
		Log:    slog.New(slog.DiscardHandler),
	})
	w.serve(s)
	return w
}

func (w *world) serve(s *streams.Server) {
	t := w.t
	dir, err := os.MkdirTemp("", "strm") // t.TempDir would make too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w.socket = filepath.Join(dir, "run", "api.sock")
	kubeconfig := filepath.Join(dir, "kubeconfig")
	w.api, err = apiserver.New(apiserver.Config{
		Objects: filepath.Join(dir, "objects"), Kubeconfig: kubeconfig, Socket: w.socket, Address: "127.0.0.1:0",
		Namespace: namespace, Version: "v0.0.1-test", Log: slog.New(slog.DiscardHandler),
		Subresources: []apiserver.Subresource{
			of("log", s.Log), of("stats", s.Stats), of("exec", s.Exec), of("attach", s.Attach), of("files", s.Files),
			of("top", s.Top), of("inspect", s.InspectContainer),
			{Resource: "volumes", Name: "size", Serve: func(w http.ResponseWriter, r *http.Request, obj runtime.Object) error {
				return s.VolumeSize(w, r, obj.(*containers.Volume))
			}},
			{Resource: "containernamespaces", Name: "stats", Serve: func(w http.ResponseWriter, r *http.Request, obj runtime.Object) error {
				return s.AllStats(w, r, obj.(*containers.ContainerNamespace))
			}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.api.Run(ctx) }()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", w.socket)
	}}
	w.http = &http.Client{Transport: transport}
	w.stop = sync.OnceFunc(func() {
		cancel()
		transport.CloseIdleConnections()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(w.stop)
	<-w.api.Ready()
	if w.kube, err = clientcmd.BuildConfigFromFlags("", kubeconfig); err != nil {
		t.Fatal(err)
	}
	if _, err := w.api.ContainerNamespaces().Create(t.Context(), named(&containers.ContainerNamespace{}, "moby")); err != nil {
		t.Fatal(err)
	}
}

func of(name string, serve func(http.ResponseWriter, *http.Request, *containers.Container) error) apiserver.Subresource {
	return apiserver.Subresource{Resource: "containers", Name: name, Serve: func(w http.ResponseWriter, r *http.Request, obj runtime.Object) error {
		return serve(w, r, obj.(*containers.Container))
	}}
}

func named[T interface {
	SetName(string)
	SetNamespace(string)
}](obj T, name string) T {
	obj.SetName(name)
	obj.SetNamespace(namespace)
	return obj
}

// run starts a container, as the docker command line does, and gives its ID.
func (w *world) run(args ...string) string {
	w.t.Helper()
	return w.mirrored(w.docker.Docker(w.t, append([]string{"run", "-d", "--network", "none", "--stop-signal", "KILL"}, args...)...))
}

// mirrored puts the object there that stands for a container.
func (w *world) mirrored(id string) string {
	w.t.Helper()
	if _, err := w.api.Containers().Create(w.t.Context(), named(&containers.Container{}, id)); err != nil {
		w.t.Fatal(err)
	}
	return id
}

func path(id, rest string) string {
	return "/apis/containers.berth.desktop/v1alpha1/namespaces/" + namespace + "/containers/" + id + "/" + rest
}

// get asks on the socket; the answer's body is closed with ctx.
func (w *world) get(ctx context.Context, path string) (status int, body io.ReadCloser) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://berth"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	res, err := w.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = res.Body.Close() })
	return res.StatusCode, res.Body
}

// read is the whole answer.
func (w *world) read(path string) (int, string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	status, body := w.get(ctx, path)
	text, err := io.ReadAll(body)
	if err != nil {
		w.t.Fatalf("read %s: %v", path, err)
	}
	return status, string(text)
}

func (w *world) must(path string) string {
	w.t.Helper()
	status, text := w.read(path)
	if status != http.StatusOK {
		w.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	return text
}

// executor is client-go's end of a session, over TLS.
func (w *world) executor(id, query string) remotecommand.Executor {
	w.t.Helper()
	u, err := url.Parse(w.kube.Host + path(id, query))
	if err != nil {
		w.t.Fatal(err)
	}
	e, err := remotecommand.NewWebSocketExecutor(w.kube, http.MethodGet, u.String())
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *world) talk(id, query string, o remotecommand.StreamOptions) error {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	return w.executor(id, query).StreamWithContext(ctx, o)
}

func command(args ...string) string { return url.Values{"command": args}.Encode() }

func TestTheKubernetesClientRunsCommands(t *testing.T) {
	w := newWorld(t)
	id := w.run("busybox", "sleep", "3600")
	t.Run("both streams and the exit code", func(t *testing.T) {
		var out, err bytes.Buffer
		ended := w.talk(id, "exec?stdout=true&stderr=true&"+command("/bin/busybox", "sh", "-c", "echo one; echo two >&2; exit 7"),
			remotecommand.StreamOptions{Stdout: &out, Stderr: &err})
		var code exec.CodeExitError
		if !errors.As(ended, &code) || code.Code != 7 {
			t.Errorf("it ends with %v", ended)
		}
		if diff := cmp.Diff([]string{"one\n", "two\n"}, []string{out.String(), err.String()}); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a megabyte through and back", func(t *testing.T) {
		in := strings.Repeat("0123456789abcde\n", 64<<10)
		var out bytes.Buffer
		if err := w.talk(id, "exec?stdin=true&stdout=true&"+command("/bin/busybox", "cat"),
			remotecommand.StreamOptions{Stdin: strings.NewReader(in), Stdout: &out}); err != nil {
			t.Fatal(err)
		}
		if out.String() != in {
			t.Errorf("%d bytes came back of %d", out.Len(), len(in))
		}
	})
	t.Run("a terminal of that size", func(t *testing.T) {
		in, typed := io.Pipe()
		defer typed.Close()
		out := &lookout{want: "51 132", found: func() { _, _ = io.WriteString(typed, "3\n") }}
		const script = "while ! stty size | grep 132; do sleep 0.02; done; read code; exit $code"
		err := w.talk(id, "exec?stdin=true&stdout=true&tty=true&"+command("/bin/busybox", "sh", "-c", script), remotecommand.StreamOptions{
			Stdin: in, Stdout: out, Tty: true, TerminalSizeQueue: &sizes{{Width: 132, Height: 51}},
		})
		var code exec.CodeExitError
		if !errors.As(err, &code) || code.Code != 3 {
			t.Errorf("it ends with %v after\n%s", err, out.seen.String())
		}
	})
	t.Run("what cannot be run", func(t *testing.T) {
		var out bytes.Buffer
		err := w.talk(id, "exec?stdout=true&"+command("/nowhere"), remotecommand.StreamOptions{Stdout: &out})
		if err == nil {
			t.Errorf("it ends well, with %q", out.String())
		}
	})
	t.Run("a container that does not run", func(t *testing.T) {
		w.docker.Docker(t, "stop", id)
		err := w.talk(id, "exec?stdout=true&"+command("/bin/busybox", "true"), remotecommand.StreamOptions{Stdout: io.Discard})
		if err == nil || !strings.Contains(err.Error(), "not running") {
			t.Errorf("it ends with %v", err)
		}
	})
}

// sizes is a terminal that is given these sizes.
type sizes []remotecommand.TerminalSize

func (s *sizes) Next() *remotecommand.TerminalSize {
	if len(*s) == 0 {
		return nil
	}
	first := (*s)[0]
	*s = (*s)[1:]
	return &first
}

// lookout calls found once, when want was written.
type lookout struct {
	seen  bytes.Buffer // not embedded: io.Copy would fill it past Write
	want  string
	found func()
}

func (l *lookout) Write(b []byte) (int, error) {
	n, err := l.seen.Write(b)
	if l.found != nil && strings.Contains(l.seen.String(), l.want) {
		l.found()
		l.found = nil
	}
	return n, err
}

func TestAttachMissesNothingOfAContainerThatIsStartedAfterwards(t *testing.T) {
	w := newWorld(t)
	id := w.mirrored(w.docker.Docker(t, "create", "-i", "--rm", "--network", "none", "busybox", "sh", "-c", "echo ready; read x; echo got $x; exit 9"))
	var out bytes.Buffer
	ended := make(chan error, 1)
	in, typed := io.Pipe()
	defer typed.Close()
	watch := &lookout{want: "ready", found: func() { _, _ = io.WriteString(typed, "it\n") }}
	go func() {
		ended <- w.talk(id, "attach?stdin=true", remotecommand.StreamOptions{Stdin: in, Stdout: io.MultiWriter(&out, watch)})
	}()
	// It is attached once the engine says so; an earlier start would lose what it says first.
	w.attached(id)
	w.docker.Docker(t, "start", id)
	err := <-ended
	var code exec.CodeExitError
	if !errors.As(err, &code) || code.Code != 9 {
		t.Errorf("it ends with %v", err)
	}
	if diff := cmp.Diff("ready\ngot it\n", out.String()); diff != "" {
		t.Error(diff)
	}
}

// attached waits for the engine's word that somebody is.
func (w *world) attached(id string) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		out := w.docker.Docker(w.t, "events", "--since", "1", "--until", time.Now().Add(100*time.Millisecond).Format(time.RFC3339Nano), "--filter", "event=attach", "--filter", "container="+id)
		if out != "" {
			return
		}
	}
	w.t.Fatal("nobody attaches")
}
