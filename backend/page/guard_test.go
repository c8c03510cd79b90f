package page

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"
)

func TestOnlyItsOwnHostIsAnswered(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(ok))
	v := visit()
	v.signIn()
	_, port, _ := strings.Cut(v.address, ":")
	for host, want := range map[string]int{
		v.address:              http.StatusOK,
		"127.0.0.1":            http.StatusMisdirectedRequest,
		"localhost:" + port:    http.StatusMisdirectedRequest,
		"[::1]:" + port:        http.StatusMisdirectedRequest,
		"127.0.0.1:1":          http.StatusMisdirectedRequest,
		"evil.example:" + port: http.StatusMisdirectedRequest,
		"evil.example":         http.StatusMisdirectedRequest,
		v.address + ".evil":    http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/", "/version", "/assets/index-1a2b.js"} {
			if res := v.ask(http.MethodGet, path, "", map[string]string{"Host": host}); res.StatusCode != want {
				t.Errorf("Host %q asks %s: %s, want %d", host, path, res.Status, want)
			}
		}
	}
}

func TestOnlyItsOwnOriginIsAnswered(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(ok))
	v := visit()
	v.signIn()
	own := "http://" + v.address
	const patch = "/apis/app.berth.desktop/v1alpha1/apps/app"
	for name, tc := range map[string]struct {
		method, path, origin, site string
		want                       int
	}{
		"the page reads":                       {http.MethodGet, "/version", "", "same-origin", http.StatusOK},
		"the page writes":                      {http.MethodPatch, patch, own, "same-origin", http.StatusOK},
		"the user opens the page":              {http.MethodGet, "/", "", "none", http.StatusOK},
		"an old browser's page writes":         {http.MethodPatch, patch, own, "", http.StatusOK},
		"a client that is no browser reads":    {http.MethodGet, "/version", "", "", http.StatusOK},
		"a write from nowhere":                 {http.MethodPatch, patch, "", "", http.StatusForbidden},
		"a write by typing":                    {http.MethodDelete, patch, "", "none", http.StatusForbidden},
		"another site links to the page":       {http.MethodGet, "/", "", "cross-site", http.StatusForbidden},
		"another site reads":                   {http.MethodGet, "/version", "https://evil.example", "cross-site", http.StatusForbidden},
		"another port of this machine reads":   {http.MethodGet, "/version", "http://127.0.0.1:1", "same-site", http.StatusForbidden},
		"another port of this machine embeds":  {http.MethodGet, "/assets/index-1a2b.js", "", "same-site", http.StatusForbidden},
		"another site writes":                  {http.MethodPatch, patch, "https://evil.example", "cross-site", http.StatusForbidden},
		"a sandboxed frame writes":             {http.MethodPatch, patch, "null", "cross-site", http.StatusForbidden},
		"an old browser at another site reads": {http.MethodGet, "/version", "https://evil.example", "", http.StatusForbidden},
		"our host with another scheme":         {http.MethodPatch, patch, "https://" + v.address, "same-origin", http.StatusForbidden},
		"our origin as a prefix":               {http.MethodPatch, patch, own + ".evil.example", "same-origin", http.StatusForbidden},
		"an unknown site value":                {http.MethodGet, "/version", "", "elsewhere", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			res := v.ask(tc.method, tc.path, "", map[string]string{"Origin": tc.origin, "Sec-Fetch-Site": tc.site})
			if res.StatusCode != tc.want {
				t.Errorf("%s, want %d", res.Status, tc.want)
			}
			if h := res.Header.Get("Access-Control-Allow-Origin"); h != "" {
				t.Errorf("CORS header %q", h)
			}
		})
	}
}

func TestOnlyThePagesShareOfTheAPIIsReached(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(ok))
	v := visit()
	v.signIn()
	const container = "/apis/containers.berth.desktop/v1alpha1/namespaces/berth/containers"
	for _, tc := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/version", http.StatusOK},
		{http.MethodGet, "/apis/app.berth.desktop/v1alpha1/apps?watch=true&resourceVersion=", http.StatusOK},
		{http.MethodGet, container, http.StatusOK},
		{http.MethodPost, container, http.StatusOK},
		{http.MethodPatch, container + "/0af1", http.StatusOK},
		{http.MethodDelete, container + "/0af1", http.StatusOK},
		{http.MethodPut, container + "/0af1", http.StatusForbidden},
		{http.MethodOptions, container, http.StatusForbidden},
		{http.MethodHead, container, http.StatusForbidden},
		{http.MethodPost, "/version", http.StatusForbidden},
		{http.MethodGet, "/version/", http.StatusNotFound},
		{http.MethodGet, "/apis/", http.StatusForbidden},
		{http.MethodGet, "/apis/apps/v1/deployments", http.StatusForbidden},
		{http.MethodGet, "/apis/containers.berth.desktop", http.StatusForbidden},
		{http.MethodGet, "/apis/containers.berth.desktop.evil/v1", http.StatusForbidden},
		{http.MethodGet, "/apis/containers.berth.desktop/%2e%2e/%2e%2e/local/ui", http.StatusForbidden},
		{http.MethodGet, container + "/a%2fb", http.StatusForbidden},
		{http.MethodGet, container + "/", http.StatusForbidden},
		{http.MethodPost, "/local/ui", http.StatusMethodNotAllowed},
		{http.MethodGet, "/local/ui", http.StatusNotFound},
		{http.MethodGet, "/api/v1/namespaces", http.StatusNotFound},
		{http.MethodGet, "/metrics", http.StatusNotFound},
	} {
		if res := v.ask(tc.method, tc.path, "", nil); res.StatusCode != tc.want {
			t.Errorf("%s %s: %s, want %d", tc.method, tc.path, res.Status, tc.want)
		}
	}
}

func TestAssetsAreGuardedAndCached(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(ok))
	v := visit()
	for path, cache := range map[string]string{
		"/":                     "no-cache",
		"/icon.svg":             "no-cache",
		"/assets/index-1a2b.js": "public, max-age=31536000, immutable",
	} {
		res := v.ask(http.MethodGet, path, "", nil)
		if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != cache {
			t.Errorf("%s: %s, cached %q, want %q", path, res.Status, res.Header.Get("Cache-Control"), cache)
		}
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: headers %v", path, res.Header)
		}
	}
	for _, path := range []string{"/.gitkeep", "/assets/", "/assets", "/assets/index-old.js", "/../page.go"} {
		if res := v.ask(http.MethodGet, path, "", nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", path, res.Status)
		}
	}
}

func TestAPageThatIsNotBuiltSaysHowTo(t *testing.T) {
	_, visit := start(t, fstest.MapFS{".gitkeep": {}}, http.HandlerFunc(ok))
	res := visit().ask(http.MethodGet, "/", "", nil)
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body), "make build") {
		t.Errorf("%s: %s", res.Status, body)
	}
}

func TestInvitationsAgeAndAreFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSessions(time.Now)
		late := s.invite()
		time.Sleep(invitationLife + time.Second) //nolint:forbidigo // the bubble's clock
		if _, ok := s.admit(late); ok {
			t.Error("an invitation that is too old was taken")
		}
		first := s.invite()
		for range maxPending {
			time.Sleep(time.Millisecond) //nolint:forbidigo // the bubble's clock
			s.invite()
		}
		if _, ok := s.admit(first); ok {
			t.Errorf("the first of %d pending invitations was kept", maxPending+1)
		}
		if len(s.invited) > maxPending {
			t.Errorf("%d invitations are pending, want at most %d", len(s.invited), maxPending)
		}
	})
}
