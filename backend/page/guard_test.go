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
		// mode and dest are what the browser does with the answer.
		mode, dest string
	}{
		"the page reads":                       {method: http.MethodGet, path: "/version", origin: "", site: "same-origin", want: http.StatusOK},
		"the page writes":                      {method: http.MethodPatch, path: patch, origin: own, site: "same-origin", want: http.StatusOK},
		"the user opens the page":              {method: http.MethodGet, path: "/", origin: "", site: "none", want: http.StatusOK},
		"an old browser's page writes":         {method: http.MethodPatch, path: patch, origin: own, site: "", want: http.StatusOK},
		"a client that is no browser reads":    {method: http.MethodGet, path: "/version", origin: "", site: "", want: http.StatusOK},
		"a write from nowhere":                 {method: http.MethodPatch, path: patch, origin: "", site: "", want: http.StatusForbidden},
		"a write by typing":                    {method: http.MethodDelete, path: patch, origin: "", site: "none", want: http.StatusForbidden},
		"a file of ours opens the page":        {method: http.MethodGet, path: "/", site: "cross-site", mode: "navigate", dest: "document", want: http.StatusOK},
		"another site frames the page":         {method: http.MethodGet, path: "/", site: "cross-site", mode: "navigate", dest: "iframe", want: http.StatusForbidden},
		"another site fetches the page":        {method: http.MethodGet, path: "/", site: "cross-site", mode: "no-cors", dest: "empty", want: http.StatusForbidden},
		"another site opens the API":           {method: http.MethodGet, path: "/version", site: "cross-site", mode: "navigate", dest: "document", want: http.StatusForbidden},
		"another site reads":                   {method: http.MethodGet, path: "/version", origin: "https://evil.example", site: "cross-site", want: http.StatusForbidden},
		"another port of this machine reads":   {method: http.MethodGet, path: "/version", origin: "http://127.0.0.1:1", site: "same-site", want: http.StatusForbidden},
		"another port of this machine embeds":  {method: http.MethodGet, path: "/assets/index-1a2b.js", origin: "", site: "same-site", want: http.StatusForbidden},
		"another site writes":                  {method: http.MethodPatch, path: patch, origin: "https://evil.example", site: "cross-site", want: http.StatusForbidden},
		"a sandboxed frame writes":             {method: http.MethodPatch, path: patch, origin: "null", site: "cross-site", want: http.StatusForbidden},
		"an old browser at another site reads": {method: http.MethodGet, path: "/version", origin: "https://evil.example", site: "", want: http.StatusForbidden},
		"our host with another scheme":         {method: http.MethodPatch, path: patch, origin: "https://" + v.address, site: "same-origin", want: http.StatusForbidden},
		"our origin as a prefix":               {method: http.MethodPatch, path: patch, origin: own + ".evil.example", site: "same-origin", want: http.StatusForbidden},
		"an unknown site value":                {method: http.MethodGet, path: "/version", origin: "", site: "elsewhere", want: http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			res := v.ask(tc.method, tc.path, "", map[string]string{
				"Origin": tc.origin, "Sec-Fetch-Site": tc.site, "Sec-Fetch-Mode": tc.mode, "Sec-Fetch-Dest": tc.dest,
			})
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
