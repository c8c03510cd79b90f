package page

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// visit is a browser at a running server.
type visit struct {
	t       *testing.T
	address string // host:port
	token   string
	cookie  *http.Cookie
	client  *http.Client
}

func built() fs.FS {
	return fstest.MapFS{
		".gitkeep":             {},
		"index.html":           {Data: []byte("<!doctype html><title>Berth</title>")},
		"icon.svg":             {Data: []byte("<svg/>")},
		"assets/index-1a2b.js": {Data: []byte("export {}")},
	}
}

func start(t *testing.T, built fs.FS, api http.Handler) (*Server, func() *visit) {
	t.Helper()
	s := New(Config{Assets: built, API: api, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	transport := &http.Transport{}
	t.Cleanup(func() {
		cancel()
		transport.CloseIdleConnections()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return s, func() *visit {
		t.Helper()
		u := askForPage(t, s)
		fragment, err := url.ParseQuery(u.Fragment)
		if err != nil {
			t.Fatal(err)
		}
		return &visit{t: t, address: u.Host, token: fragment.Get("token"), client: &http.Client{Transport: transport}}
	}
}

func askForPage(t *testing.T, s *Server) *url.URL {
	t.Helper()
	w := httptest.NewRecorder()
	s.Local().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/local/ui", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("POST /local/ui: %d %s", w.Code, w.Body)
	}
	var body struct {
		URL string `json:"url"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(body.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// ask sends a request as the page would, unless headers say otherwise. "Host" sets the host; "" removes a header.
func (v *visit) ask(method, path, body string, headers map[string]string) *http.Response {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, "http://"+v.address+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method != http.MethodGet {
		r.Header.Set("Origin", "http://"+v.address)
		r.Header.Set("Content-Type", "application/json")
	}
	if v.cookie != nil {
		r.AddCookie(v.cookie)
	}
	for name, value := range headers {
		switch {
		case name == "Host":
			r.Host = value
		case value == "":
			r.Header.Del(name)
		default:
			r.Header.Set(name, value)
		}
	}
	res, err := v.client.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	v.t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func (v *visit) signIn() *http.Response {
	v.t.Helper()
	res := v.ask(http.MethodPost, "/session", `{"token":"`+v.token+`"}`, nil)
	for _, c := range res.Cookies() {
		v.cookie = c
	}
	return res
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "answered") }

func TestNothingListensBeforeThePageIsAskedFor(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(ok))
	if n := listeners(t); n != 0 {
		t.Fatalf("%d listening sockets though nobody asked", n)
	}
	first, second := visit(), visit()
	if !strings.HasPrefix(first.address, "127.0.0.1:") {
		t.Errorf("listens on %s, want loopback", first.address)
	}
	if first.address != second.address || first.token == second.token {
		t.Errorf("want one address and a token each, got %+v and %+v", first, second)
	}
}

// listeners counts this process's listening TCP sockets, as its own tests know of no others.
func listeners(t *testing.T) int {
	t.Helper()
	table, err := os.ReadFile("/proc/self/net/tcp")
	if err != nil {
		t.Fatal(err)
	}
	own := map[string]bool{}
	fds, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if target, err := os.Readlink(fd); err == nil {
			own[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
		}
	}
	const state, inode, listen = 3, 9, "0A"
	n := 0
	for line := range strings.Lines(string(table)) {
		if f := strings.Fields(line); len(f) > inode && f[state] == listen && own[f[inode]] {
			n++
		}
	}
	return n
}

func TestLocalAnswersOnlyWhatItIsFor(t *testing.T) {
	s, _ := start(t, built(), http.HandlerFunc(ok))
	for path, method := range map[string]string{"/local/ui": http.MethodGet, "/local/": http.MethodPost, "/local/other": http.MethodPost} {
		w := httptest.NewRecorder()
		s.Local().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		if w.Code < 400 {
			t.Errorf("%s %s: %d", method, path, w.Code)
		}
	}
}

func TestTokenOpensOneSession(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(ok))
	v := visit()
	if res := v.signIn(); res.StatusCode != http.StatusNoContent {
		t.Fatalf("first use: %s", res.Status)
	}
	c := v.cookie
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" {
		t.Fatalf("cookie %+v, want HttpOnly and SameSite=Strict, for this host alone", c)
	}
	if !strings.HasSuffix(v.address, strings.TrimPrefix(c.Name, "berth-")) {
		t.Errorf("cookie %s does not name the port of %s: two instances would share it", c.Name, v.address)
	}
	if strings.Contains(c.Value, v.token) {
		t.Error("the session is made of the token")
	}
	if res := v.ask(http.MethodGet, "/version", "", nil); res.StatusCode != http.StatusOK {
		t.Errorf("with the session: %s", res.Status)
	}
	v.cookie = nil
	if res := v.signIn(); res.StatusCode != http.StatusUnauthorized || v.cookie != nil {
		t.Errorf("second use: %s, want 401 and no cookie", res.Status)
	}
}

func TestSessionTakesOnlyJSONWithAToken(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(ok))
	for name, tc := range map[string]struct {
		body, kind string
		want       int
	}{
		"a form":        {"token=x", "application/x-www-form-urlencoded", http.StatusUnsupportedMediaType},
		"plain text":    {`{"token":"x"}`, "text/plain", http.StatusUnsupportedMediaType},
		"no JSON":       {"token", "application/json", http.StatusBadRequest},
		"a long body":   {`{"token":"` + strings.Repeat("x", maxHeaderBytes) + `"}`, "application/json", http.StatusBadRequest},
		"a wrong token": {`{"token":"x"}`, "application/json", http.StatusUnauthorized},
		"no token":      {`{}`, "application/json", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			if res := visit().ask(http.MethodPost, "/session", tc.body, map[string]string{"Content-Type": tc.kind}); res.StatusCode != tc.want {
				t.Errorf("%s, want %d", res.Status, tc.want)
			}
		})
	}
}

func TestAPINeedsTheSession(t *testing.T) {
	asked := 0
	_, visit := start(t, built(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	v := visit()
	for _, cookie := range []*http.Cookie{nil, {Name: "berth", Value: "x"}, {Name: cookieName(v.address), Value: "x"}, {Name: cookieName(v.address), Value: v.token}} {
		v.cookie = cookie
		for _, path := range []string{"/version", "/apis/app.berth.desktop/v1alpha1/apps"} {
			if res := v.ask(http.MethodGet, path, "", nil); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with cookie %v: %s, want 401", path, cookie, res.Status)
			}
		}
	}
	if asked != 0 {
		t.Errorf("the API was asked %d times", asked)
	}
}

func TestStreamsReachThePageLineByLine(t *testing.T) {
	lines := make(chan string)
	_, visit := start(t, built(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			select {
			case line := <-lines:
				_, _ = io.WriteString(w, line+"\n")
				w.(http.Flusher).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}))
	v := visit()
	v.signIn()
	go func() { lines <- "one" }()
	body := bufio.NewScanner(v.ask(http.MethodGet, "/apis/app.berth.desktop/v1alpha1/apps?watch=true", "", nil).Body)
	for _, want := range []string{"one", "two"} {
		if !body.Scan() || body.Text() != want {
			t.Fatalf("got %q (%v), want %q", body.Text(), body.Err(), want)
		}
		if want == "one" {
			lines <- "two"
		}
	}
	// The stream is open still: Run must end it, which Cleanup waits for.
}

func TestAPIHearsNothingOfWhoAsks(t *testing.T) {
	var got http.Header
	_, visit := start(t, built(), http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	v := visit()
	v.signIn()
	v.ask(http.MethodPatch, "/apis/app.berth.desktop/v1alpha1/apps/app", "{}", map[string]string{
		"Content-Type": "application/merge-patch+json", "Accept": "application/json",
		"Authorization": "Bearer x", "Impersonate-User": "root", "X-Remote-User": "root",
	})
	want := http.Header{"Accept": {"application/json"}, "Content-Type": {"application/merge-patch+json"}, "User-Agent": {"berth-page"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
