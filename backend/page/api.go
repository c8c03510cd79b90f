package page

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/gorilla/websocket"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// let passes the page's own questions on to the API. Whoever has no session gets nothing.
func (s *Server) let(cookie string) http.Handler {
	return s.members(cookie, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !reachable(r.Method, r.URL.EscapedPath()) {
			http.Error(w, "The page may not ask this.", http.StatusForbidden)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		if !websocket.IsWebSocketUpgrade(r) {
			s.cfg.API.ServeHTTP(w, asOwner(r))
			return
		}
		// A browser always says where a handshake comes from, and the guard has let nothing pass but our own page. Whoever
		// does not say is no page.
		if r.Header.Get("Origin") == "" {
			refuseStranger(w)
			return
		}
		s.streams.Add(1)
		defer s.streams.Done()
		s.cfg.API.ServeHTTP(w, asOwner(r, "Connection", "Upgrade",
			"Sec-Websocket-Version", "Sec-Websocket-Key", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions"))
	}))
}

// members lets in who has a session.
func (s *Server) members(cookie string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie(cookie); err != nil || !s.sessions.admitted(c.Value) {
			http.Error(w, signIn, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// reachable is the page's share of the API.
func reachable(method, escaped string) bool {
	if escaped == "/version" {
		return method == http.MethodGet
	}
	if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete}, method) {
		return false
	}
	// What needs escapes or cleaning is no path of ours, and could mean another one further in.
	if strings.ContainsAny(escaped, "%\\") || path.Clean(escaped) != escaped {
		return false
	}
	return slices.ContainsFunc([]string{appv1.GroupName, containersv1.GroupName}, func(group string) bool {
		return strings.HasPrefix(escaped, "/apis/"+group+"/")
	})
}

// asOwner strips all headers but those that say what is sent and what is wanted, and those besides: none of them may speak
// for another user, nor hand on our cookie.
func asOwner(r *http.Request, besides ...string) *http.Request {
	out := r.Clone(r.Context())
	out.Header = http.Header{"User-Agent": {"berth-page"}} // the API remembers by it who wished for what
	for _, name := range append([]string{"Accept", "Content-Type"}, besides...) {
		if v := r.Header.Values(name); len(v) > 0 {
			out.Header[name] = v
		}
	}
	return out
}
