package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

const things = "/apis/containers.berth.desktop/v1alpha1/containers"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// socket is a daemon that is reached over a real unix socket.
type socket struct {
	http *http.Client
	path string
}

func (s *socket) Do(ctx context.Context, method, path, contentType string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://berth"+path, strings.NewReader(string(body)))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", contentType)
	res, err := s.http.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: %w", client.ErrNotRunning, err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

func (s *socket) Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://berth"+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := s.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", client.ErrNotRunning, err)
	}
	if res.StatusCode == http.StatusGone {
		return nil, errors.Join(apierrors.NewResourceExpired("too old"), res.Body.Close())
	}
	return res.Body, nil
}

func (s *socket) Dial(ctx context.Context, path string) (*client.Session, error) {
	c, err := client.Connect(ctx, client.Options{Paths: paths.Paths{Runtime: filepath.Dir(s.path)}})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Dial(ctx, path)
}

// event is what the page hears.
type event struct {
	Name string
	Data []any
}

type harness struct {
	*Bridge
	events  chan event
	dials   atomic.Int32
	restart func() // ends the daemon and starts another on the same socket
}

func (h *harness) next(t *testing.T) event {
	t.Helper()
	select {
	case e := <-h.events:
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("the page heard nothing")
		return event{}
	}
}

// start gives a bridge to a daemon that answers with handler.
func start(t *testing.T, handler http.HandlerFunc) *harness {
	t.Helper()
	path := filepath.Join(t.TempDir(), "api.sock")
	h := &harness{events: make(chan event, 1000)}
	serve := func() *http.Server {
		var cfg net.ListenConfig
		l, err := cfg.Listen(t.Context(), "unix", path)
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
		go func() { _ = server.Serve(l) }()
		return server
	}
	server := serve()
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
	down := false
	h.restart = func() { _ = server.Close(); transport.CloseIdleConnections(); down = true }
	connect := func(context.Context) (daemon, error) {
		h.dials.Add(1)
		if down {
			server, down = serve(), false
		}
		return &socket{http: &http.Client{Transport: transport}, path: path}, nil
	}
	h.Bridge = newBridge(connect, func(name string, data ...any) { h.events <- event{name, data} }, nil, slog.New(slog.DiscardHandler))
	t.Cleanup(func() {
		h.shutdown()
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return h
}

func TestARequestReachesTheDaemonAndItsAnswerThePage(t *testing.T) {
	h := start(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(w, "%s %s %s %s", r.Method, r.RequestURI, r.Header.Get("Content-Type"), body)
	})
	got, err := h.Request("PATCH", things+"?dryRun=All", "application/merge-patch+json", `{"a":"é"}`)
	if err != nil {
		t.Fatal(err)
	}
	want := Response{Status: 409, Body: "PATCH " + things + `?dryRun=All application/merge-patch+json {"a":"é"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestThePageReachesOnlyOurOwnGroups(t *testing.T) {
	allowed := []string{
		"/version", things, things + "?watch=true&sendInitialEvents=true",
		"/apis/app.berth.desktop/v1alpha1/apps/app", "/apis/containers.berth.desktop/v1alpha1/",
	}
	refused := []string{
		"", "/", "/api", "/apis", "/apis/", "/local/ui", "/versions", "/version/../local/ui", "version",
		"http://evil.example/version", "//evil.example/apis/app.berth.desktop/x",
		"/apis/app.berth.desktop", "/apis/app.berth.desktop.evil/x", "/apis/app.berth.desktop/../../local/ui",
		"/apis/app.berth.desktop/%2e%2e/%2e%2e/local/ui", "/apis/app.berth.desktop//x", "/apis/app.berth.desktop/x\r\nHost: y",
	}
	h := start(t, func(http.ResponseWriter, *http.Request) {})
	for _, target := range allowed {
		if _, err := h.Request("GET", target, "", ""); err != nil {
			t.Errorf("%q: %v", target, err)
		}
	}
	for _, target := range refused {
		if _, err := h.Request("GET", target, "", ""); err == nil {
			t.Errorf("a request to %q was let through", target)
		}
		if err := h.Open("1", target); err == nil {
			t.Errorf("a stream of %q was let through", target)
		}
	}
	if _, err := h.Request("CONNECT", "/version", "", ""); err == nil {
		t.Error("the method CONNECT was let through")
	}
}

func TestThePageCanCallNothingElse(t *testing.T) {
	var got []string
	for m := range reflect.TypeFor[*Bridge]().Methods() {
		got = append(got, m.Name)
	}
	if diff := cmp.Diff([]string{"Ack", "Begin", "Close", "Dial", "Open", "Request", "Save", "SaveText", "Send"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAStreamArrivesWholeAndInOrderAndThenEnds(t *testing.T) {
	const n = 5000
	h := start(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range n {
			_, _ = fmt.Fprintf(w, "%d %s\n", i, strings.Repeat("x", 300))
		}
	})
	if err := h.Open("a", things); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for number := 0; ; number++ {
		e := h.next(t)
		if e.Name == "stream-end:a" {
			if diff := cmp.Diff([]any{"", 0, number}, e.Data); diff != "" {
				t.Error(diff)
			}
			break
		}
		batch, ok := e.Data[0].([]string)
		if !ok || e.Name != "stream:a" || e.Data[1] != number {
			t.Fatalf("the page heard %v", e)
		}
		if size := len(strings.Join(batch, "\n")); size > batchBytes+400 {
			t.Errorf("a batch has %d bytes", size)
		}
		lines = append(lines, batch...)
		h.Ack("a", 1)
	}
	if len(lines) != n {
		t.Fatalf("got %d lines, want %d", len(lines), n)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, fmt.Sprintf("%d ", i)) {
			t.Fatalf("line %d is %.20q", i, line)
		}
	}
}

func TestAPageThatReadsNothingHoldsTheDaemonBack(t *testing.T) {
	var sent atomic.Int64
	line := []byte(strings.Repeat("x", 1023) + "\n")
	h := start(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			n, err := w.Write(line)
			if err != nil {
				return
			}
			sent.Add(int64(n))
		}
	})
	if err := h.Open("slow", things); err != nil {
		t.Fatal(err)
	}
	for range inFlight {
		h.next(t)
	}
	var before int64 = -1
	for deadline := time.Now().Add(10 * time.Second); before != sent.Load(); {
		if time.Now().After(deadline) {
			t.Fatalf("the daemon still sends: %d bytes by now", before)
		}
		before = sent.Load()
		<-time.After(300 * time.Millisecond)
	}
	if len(h.events) != 0 {
		t.Errorf("%d batches more than the page may have unread", len(h.events))
	}
	if limit := int64((inFlight+2)*batchBytes + 4<<20); before > limit {
		t.Errorf("the daemon could send %d bytes, want at most %d", before, limit)
	}
	h.Ack("slow", 1)
	if e := h.next(t); e.Name != "stream:slow" {
		t.Errorf("after an acknowledgement the page heard %v", e.Name)
	}
	h.Close("slow")
	if n := len(h.events); n != 0 {
		t.Errorf("%d events after the page closed the stream", n)
	}
}

func TestAStreamThatIsRefusedEndsWithItsStatus(t *testing.T) {
	h := start(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	if err := h.Open("a", things+"?resourceVersion=1"); err != nil {
		t.Fatal(err)
	}
	e := h.next(t)
	if diff := cmp.Diff(event{"stream-end:a", []any{"too old", 410, 0}}, e); diff != "" {
		t.Error(diff)
	}
}

func TestAStreamEndsWhenTheDaemonDiesAndItIsFoundAgain(t *testing.T) {
	h := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "hello\n")
		_ = http.NewResponseController(w).Flush()
		if r.URL.RawQuery == "watch" {
			<-r.Context().Done()
		}
	})
	if err := h.Open("a", things+"?watch"); err != nil {
		t.Fatal(err)
	}
	if e := h.next(t); e.Name != "stream:a" {
		t.Fatalf("the page heard %v", e)
	}
	h.restart()
	if e := h.next(t); e.Name != "stream-end:a" || e.Data[0] == "" {
		t.Errorf("the page heard %v, want an end with a reason", e)
	}
	res, err := h.Request("GET", things, "", "")
	if err != nil || res.Body != "hello\n" {
		t.Errorf("after the daemon's death: %v, %v", res, err)
	}
	if n := h.dials.Load(); n != 2 {
		t.Errorf("looked for the daemon %d times, want 2", n)
	}
}

func TestAnIDThatIsOpenIsRefusedAndItsStreamGoesOn(t *testing.T) {
	h := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.RawQuery+"\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	if err := h.Open("a", things+"?one"); err != nil {
		t.Fatal(err)
	}
	if err := h.Open("a", things+"?two"); err == nil {
		t.Error("an id that is open was given away again")
	}
	if diff := cmp.Diff(event{"stream:a", []any{[]string{"one"}, 0}}, h.next(t)); diff != "" {
		t.Error(diff)
	}
}

func TestACloseThatOvertakesItsOpenStillCloses(t *testing.T) {
	h := start(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "line\n") })
	h.Close("a")
	if err := h.Open("a", things); err != nil {
		t.Fatal(err)
	}
	if err := h.Open("b", things); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if e := h.next(t); !strings.HasSuffix(e.Name, ":b") {
			t.Errorf("the page heard %v", e)
		}
	}
}

func TestALeakingPageIsStopped(t *testing.T) {
	h := start(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	var errs []error
	for i := range maxStreams + 1 {
		errs = append(errs, h.Open(fmt.Sprint(i), things))
	}
	if i := slices.IndexFunc(errs, func(err error) bool { return err != nil }); i != maxStreams {
		t.Errorf("the first refused stream was number %d, want %d", i, maxStreams)
	}
}

func TestAPageThatIsLoadedAgainLeavesNothingOpen(t *testing.T) {
	h := start(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for i := range maxStreams {
		if err := h.Open(fmt.Sprint(i), things); err != nil {
			t.Fatal(err)
		}
	}
	h.Begin()
	for range maxStreams {
		if e := h.next(t); !strings.HasPrefix(e.Name, "stream-end:") {
			t.Fatalf("a page that is no more heard %v", e)
		}
	}
	if err := h.Open("again", things); err != nil {
		t.Errorf("the page after it: %v", err)
	}
}

func TestADaemonThatCannotBeStartedIsSaid(t *testing.T) {
	heard := make(chan event, 1)
	b := newBridge(
		func(context.Context) (daemon, error) {
			return nil, errors.New("the daemon did not start: see berth.log")
		},
		func(name string, data ...any) { heard <- event{name, data} },
		nil,
		slog.New(slog.DiscardHandler),
	)
	if _, err := b.Request("GET", "/version", "", ""); err == nil || !strings.Contains(err.Error(), "see berth.log") {
		t.Errorf("the request gave %v", err)
	}
	if err := b.Open("a", things); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(event{"stream-end:a", []any{"the daemon did not start: see berth.log", 0, 0}}, <-heard); diff != "" {
		t.Error(diff)
	}
}
