package enginetest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// User and Password are let into a registry that wants a login.
const (
	User     = "berth"
	Password = "let-me-in"
	// userLine is theirs, as `htpasswd -B` writes it.
	userLine = "berth:$2a$04$BCm6CTCREX95pa0j7moLBuh8EZoLUZSc8WLGWSvffieWG2kfYWT7q\n"
)

// Registry is a running image registry on loopback, which engines trust without TLS.
type Registry struct {
	// Host is its part of an image's name.
	Host string

	mu      sync.Mutex    // guards stalled
	stalled chan struct{} // nil unless layers are held up
}

// uploads are layers on their way in.
var uploads = regexp.MustCompile(`/blobs/uploads/`)

// layers are what Stall holds up, and with them the configuration, which is a blob, too.
var layers = regexp.MustCompile(`/blobs/sha256:`)

// StartRegistry runs a registry until the test has ended. With login it lets nobody in but User.
func StartRegistry(t testing.TB, login bool) *Registry {
	t.Helper()
	dir := t.TempDir()
	settings := "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: " + filepath.Join(dir, "data") + "}}\nhttp: {addr: 127.0.0.1:%d}\n"
	if login {
		users := filepath.Join(dir, "users")
		write(t, users, userLine)
		settings += "auth: {htpasswd: {realm: test, path: " + users + "}}\n"
	}
	port := freePort(t)
	write(t, filepath.Join(dir, "config.yml"), fmt.Sprintf(settings, port))
	cmd := exec.Command("docker-registry", "serve", filepath.Join(dir, "config.yml")) //nolint:noctx // it is ended below
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("start a registry, of Debian's package docker-registry: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	within := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	await(t, within.Host)
	r := &Registry{}
	front := httptest.NewServer(r.proxy(within))
	t.Cleanup(front.Close)
	t.Cleanup(r.Flow) // before the front waits for those that are held up
	r.Host = front.Listener.Addr().String()
	return r
}

func (r *Registry) proxy(to *url.URL) http.Handler {
	pass := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.Out.Host = p.In.Host // it answers with addresses of its own
			p.SetXForwarded()
		},
		ModifyResponse: r.hold,
		FlushInterval:  -1,
		ErrorLog:       quiet(),
	}
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPatch && uploads.MatchString(req.URL.Path) { // nobody says how much there is
			req.Body = &halved{ReadCloser: req.Body, left: 4 << 10, wait: func() bool { return r.wait(req.Context()) }}
		}
		pass.ServeHTTP(w, req)
	})
}

// hold holds the second half of a layer up, while there is a Stall.
func (r *Registry) hold(res *http.Response) error {
	if res.Request.Method == http.MethodGet && res.ContentLength > 0 && layers.MatchString(res.Request.URL.Path) {
		res.Body = &halved{ReadCloser: res.Body, left: res.ContentLength / 2, wait: func() bool { return r.wait(res.Request.Context()) }}
	}
	return nil
}

// halved is a body of which the rest comes once wait has said so.
type halved struct {
	io.ReadCloser
	left int64
	wait func() bool
}

func (h *halved) Read(b []byte) (int, error) {
	if h.left == 0 {
		if !h.wait() {
			return 0, io.ErrUnexpectedEOF
		}
		h.left = -1
	}
	if h.left > 0 && int64(len(b)) > h.left {
		b = b[:h.left]
	}
	n, err := h.ReadCloser.Read(b)
	if h.left > 0 {
		h.left -= int64(n)
	}
	return n, err
}

// wait waits for the end of a Stall, and says whether it came before that of ctx.
func (r *Registry) wait(ctx context.Context) bool {
	r.mu.Lock()
	stalled := r.stalled
	r.mu.Unlock()
	if stalled == nil {
		return true
	}
	select {
	case <-stalled:
		return true
	case <-ctx.Done():
		return false
	}
}

// Stall holds up whoever fetches or sends a layer in the middle of it, until Flow.
func (r *Registry) Stall() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stalled == nil {
		r.stalled = make(chan struct{})
	}
}

// Flow ends a Stall.
func (r *Registry) Flow() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stalled != nil {
		close(r.stalled)
		r.stalled = nil
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // loopback
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func await(t testing.TB, address string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil { //nolint:noctx // loopback
			_ = c.Close()
			return
		}
	}
	t.Fatalf("nobody answers at %s", address)
}
