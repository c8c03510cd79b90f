package apiserver_test

import (
	"bufio"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
)

const (
	anyContainers = "/apis/containers.berth.desktop/v1alpha1/containers"
	appsPath      = "/apis/app.berth.desktop/v1alpha1/apps"
)

func TestFilesThatOpenTheAPIAreTheUsersAlone(t *testing.T) {
	s := start(t, newHome(t))
	for path, want := range map[string]fs.FileMode{
		s.home.socket(): 0o600, filepath.Dir(s.home.socket()): 0o700, s.home.kubeconfig(): 0o600, filepath.Dir(s.home.kubeconfig()): 0o700,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
}

func TestSocketFolderThatOthersCanEnterIsClosed(t *testing.T) {
	h := newHome(t)
	if err := os.Mkdir(filepath.Dir(h.socket()), 0o755); err != nil {
		t.Fatal(err)
	}
	start(t, h)
	if info, err := os.Stat(filepath.Dir(h.socket())); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v, want mode 700", info.Mode(), err)
	}
}

func TestLeftoverSocketIsReplaced(t *testing.T) {
	h := newHome(t)
	if err := os.Mkdir(filepath.Dir(h.socket()), 0o700); err != nil {
		t.Fatal(err)
	}
	killed, err := net.ListenUnix("unix", &net.UnixAddr{Name: h.socket()})
	if err != nil {
		t.Fatal(err)
	}
	killed.SetUnlinkOnClose(false)
	if err := killed.Close(); err != nil {
		t.Fatal(err)
	}
	s := start(t, h)
	if code, body := call(t, s.faces(t), http.MethodGet, "http://berth/version", ""); code != http.StatusOK {
		t.Errorf("got %d %s", code, body)
	}
}

func TestNoOtherFileIsReplacedByTheSocket(t *testing.T) {
	h := newHome(t)
	if err := os.Mkdir(filepath.Dir(h.socket()), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.socket(), []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := apiserver.New(h.config())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "in the way") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestAddressThatCanBeReachedFromOutsideIsRefused(t *testing.T) {
	cfg := newHome(t).config()
	cfg.Address = "0.0.0.0:0"
	s, err := apiserver.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "from outside") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestOnlyWhoHasTheTokenGetsAnAnswerOverTLS(t *testing.T) {
	client, base, token := start(t, newHome(t)).tools(t)
	for name, tc := range map[string]struct {
		authorization string
		want          int
	}{
		"none":          {"", http.StatusUnauthorized},
		"another":       {"Bearer " + strings.Repeat("0", len(token)), http.StatusUnauthorized},
		"a part of it":  {"Bearer " + token[:len(token)-1], http.StatusUnauthorized},
		"not as bearer": {token, http.StatusUnauthorized},
		"the token":     {"Bearer " + token, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/version", "/healthz", "/openapi/v3", anyContainers} {
				code, body := call(t, client, http.MethodGet, base+path, "", "Authorization", tc.authorization)
				if code != tc.want {
					t.Errorf("%s: got %d %s, want %d", path, code, body, tc.want)
				}
			}
		})
	}
}

func TestBrowsersAndForeignNamesAreRefused(t *testing.T) {
	s := start(t, newHome(t))
	client, base, token := s.tools(t)
	for name, tc := range map[string]struct {
		header, value string
		onSocket      bool
	}{
		"a page's script":         {"Origin", "https://example.com", true},
		"a page without origin":   {"Origin", "null", true},
		"a page's image":          {"Sec-Fetch-Site", "cross-site", true},
		"the user's address bar":  {"Sec-Fetch-Site", "none", true},
		"a name pointed at us":    {"Host", "rebound.example.com:443", false},
		"a name that looks local": {"Host", "localhost.example.com", false},
	} {
		t.Run(name, func(t *testing.T) {
			code, body := call(t, client, http.MethodGet, base+"/version", "", tc.header, tc.value, "Authorization", "Bearer "+token)
			if code != http.StatusForbidden {
				t.Errorf("over TLS: got %d %s, want 403", code, body)
			}
			if !tc.onSocket {
				return
			}
			code, body = call(t, s.faces(t), http.MethodGet, "http://berth/version", "", tc.header, tc.value)
			if code != http.StatusForbidden {
				t.Errorf("on the socket: got %d %s, want 403", code, body)
			}
			if status := decode[metav1.Status](t, body); status.Reason != metav1.StatusReasonForbidden {
				t.Errorf("the refusal is %s", body)
			}
		})
	}
}

func TestVersionTellsTheReleaseAndBerth(t *testing.T) {
	s := start(t, newHome(t))
	_, body := call(t, s.faces(t), http.MethodGet, "http://berth/version", "")
	v := decode[version.Info](t, body)
	if v.Major != "1" || v.Minor != "37" || !strings.HasSuffix(v.GitVersion, "+berth.v0.0.1-test") {
		t.Errorf("got %+v", v)
	}
}

func TestWhatIsNotServed(t *testing.T) {
	s := start(t, newHome(t))
	for _, path := range []string{"/metrics", "/debug/pprof/", "/", "/local/ui"} {
		if code, _ := call(t, s.faces(t), http.MethodGet, "http://berth"+path, ""); code != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, code)
		}
	}
}

func TestLocalIsServedOnTheSocketOnly(t *testing.T) {
	local := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	s := start(t, newHome(t), func(c *apiserver.Config) { c.Local = local })
	if code, _ := call(t, s.faces(t), http.MethodPost, "http://berth/local/ui", ""); code != http.StatusTeapot {
		t.Errorf("on the socket: got %d", code)
	}
	client, base, token := s.tools(t)
	if code, _ := call(t, client, http.MethodPost, base+"/local/ui", "", "Authorization", "Bearer "+token); code != http.StatusNotFound {
		t.Errorf("over TLS: got %d, want 404", code)
	}
}

func TestHandlerActsAsTheOwnerBeforeRun(t *testing.T) {
	s, err := apiserver.New(newHome(t).config())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apps().Create(t.Context(), theApp()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, appsPath+"/app", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler().ServeHTTP(w, req)
	if got := decode[app.App](t, w.Body.String()); w.Code != http.StatusOK || got.Name != app.AppName {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestRunEndsThoughWatchesAreOpenAndTakesItsFilesAlong(t *testing.T) {
	s := start(t, newHome(t))
	client, base, token := s.tools(t)
	faces := s.faces(t)
	var open []*http.Response
	for _, path := range []string{anyContainers, appsPath} {
		open = append(open, openWatch(t, faces, "http://berth"+path), openWatch(t, client, base+path, "Authorization", "Bearer "+token))
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	for _, res := range open {
		if _, err := bufio.NewReader(res.Body).ReadString(0); err == nil {
			t.Error("a watch goes on")
		}
	}
	for _, path := range []string{s.home.socket(), s.home.kubeconfig()} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
}

func TestRunThatCannotWriteTheKubeconfigEnds(t *testing.T) {
	h := newHome(t)
	if err := os.MkdirAll(filepath.Join(h.kubeconfig(), "in-the-way"), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := apiserver.New(h.config())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "write the kubeconfig") {
		t.Errorf("got %v, want a refusal", err)
	}
	select {
	case <-s.Ready():
		t.Error("it says that it is ready")
	default:
	}
	if _, err := os.Lstat(h.socket()); err == nil {
		t.Error("the socket is still there")
	}
}

func TestWatchedCountsTheFacesOfMirroredKinds(t *testing.T) {
	s := start(t, newHome(t))
	own, err := s.Containers().Watch(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Stop()
	openWatch(t, s.faces(t), "http://berth"+appsPath)
	if s.Watched() {
		t.Error("the daemon's own watches, and those of App, do not count")
	}
	res := openWatch(t, s.faces(t), "http://berth"+anyContainers)
	if !s.Watched() {
		t.Error("a face watches")
	}
	_ = res.Body.Close()
	eventually(t, "nobody watches", func() bool { return !s.Watched() })
}

// openWatch returns once the watch is answered; that of a mirrored kind is counted by then.
func openWatch(t testing.TB, client *http.Client, url string, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"?watch=true", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	if res.StatusCode != http.StatusOK {
		t.Fatalf("watch %s: %s", url, res.Status)
	}
	return res
}
