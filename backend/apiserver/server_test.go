package apiserver_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// patience is for what should happen at once, on a machine that has much else to do.
const patience = 20 * time.Second

// home is the folder of one instance, and what of it outlives a server.
type home struct {
	dir string
	log *syncBuffer
}

func newHome(t testing.TB) home {
	t.Helper()
	dir, err := os.MkdirTemp("", "berth") //nolint:usetesting // t.TempDir's names are too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return home{dir: dir, log: &syncBuffer{}}
}

func (h home) socket() string     { return filepath.Join(h.dir, "run", "api.sock") }
func (h home) kubeconfig() string { return filepath.Join(h.dir, "state", "kubeconfig") }
func (h home) objects() string    { return filepath.Join(h.dir, "state", "objects") }

func (h home) config() apiserver.Config {
	return apiserver.Config{
		Objects: h.objects(), Kubeconfig: h.kubeconfig(), Socket: h.socket(), Address: "127.0.0.1:0",
		Namespace: app.DefaultNamespace, Version: "v0.0.1-test", Log: slog.New(slog.NewTextHandler(h.log, nil)),
	}
}

// running is a server and the way to end it.
type running struct {
	*apiserver.Server

	home home
	stop func() error
}

// start serves until the test ends, or until stop.
func start(t testing.TB, h home, change ...func(*apiserver.Config)) running {
	t.Helper()
	cfg := h.config()
	for _, c := range change {
		c(&cfg)
	}
	server, err := apiserver.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	stop := sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("run: %v", err)
		}
	})
	select {
	case <-server.Ready():
	case err := <-ended:
		t.Fatalf("run ended: %v", err)
	case <-time.After(patience):
		t.Fatal("the server does not become ready")
	}
	return running{Server: server, home: h, stop: stop}
}

// faces is a client of the unix socket.
func (r running) faces(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", r.home.socket())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// tools is a client of the TLS door that trusts it, and what it needs beside.
func (r running) tools(t testing.TB) (client *http.Client, base, token string) {
	t.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", r.home.kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cfg.CAData)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}, cfg.Host, cfg.BearerToken
}

// call makes one request with headers as pairs, and reads its answer.
func call(t testing.TB, client *http.Client, method, url, body string, headers ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		}
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return res.StatusCode, string(answer)
}

// eventually asks until the answer is yes.
func eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !yes() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so in time: %s", what)
		}
	}
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("decode %s: %v", text, err)
	}
	return v
}

func theApp() *app.App {
	return &app.App{
		ObjectMeta: metav1.ObjectMeta{Name: app.AppName},
		Spec:       app.AppSpec{ContainerEngine: app.ContainerEngine{Provider: app.ProviderHost}},
	}
}

func container(name string) *containers.Container {
	return &containers.Container{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: app.DefaultNamespace, Finalizers: []string{containers.Finalizer}},
		Status:     containers.ContainerStatus{ID: name, Name: "name-of-" + name, Image: "busybox:latest", Status: containers.StateRunning},
	}
}

func key(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: app.DefaultNamespace, Name: name}
}

// syncBuffer takes the log of a server that is still running.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
