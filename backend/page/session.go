package page

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"mime"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	// invitationLife is how long an address from Local may wait for its browser to start.
	invitationLife = 2 * time.Minute
	// maxPending bounds what a caller that asks and never comes can make us keep.
	maxPending  = 32
	maxSessions = 64
	maxBody     = 1 << 20
)

// secret is the hash of a token or of a session: what is looked up says nothing about what would match.
type secret [sha256.Size]byte

// sessions knows who was invited and who came. Both are forgotten with the daemon.
type sessions struct {
	now func() time.Time

	mu      sync.Mutex
	invited map[secret]time.Time // guarded by mu; until when
	open    map[secret]time.Time // guarded by mu; since when
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, invited: map[secret]time.Time{}, open: map[secret]time.Time{}}
}

// invite returns a token that admits once.
func (s *sessions) invite() string {
	token := rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	evict(s.invited, maxPending)
	s.invited[sha256.Sum256([]byte(token))] = s.now().Add(invitationLife)
	return token
}

// admit trades a token for a session. The token is spent even if it came too late.
func (s *sessions) admit(token string) (session string, ok bool) {
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	until, known := s.invited[key]
	delete(s.invited, key)
	if !known || s.now().After(until) {
		return "", false
	}
	session = rand.Text()
	evict(s.open, maxSessions)
	s.open[sha256.Sum256([]byte(session))] = s.now()
	return session, true
}

func (s *sessions) admitted(session string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.open[sha256.Sum256([]byte(session))]
	return ok
}

// evict makes room for one more by forgetting the oldest.
func evict(m map[secret]time.Time, limit int) {
	for len(m) >= limit {
		var oldest secret
		var when time.Time
		for key, t := range m {
			if when.IsZero() || t.Before(when) {
				oldest, when = key, t
			}
		}
		delete(m, oldest)
	}
}

// cookieName tells instances apart: cookies know no ports.
func cookieName(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "berth"
	}
	return "berth-" + port
}

// open answers POST /session.
func (s *Server) open(w http.ResponseWriter, r *http.Request, cookie string) {
	// Only JSON: a form of another page cannot send that.
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		http.Error(w, "Send JSON.", http.StatusUnsupportedMediaType)
		return
	}
	var body struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxHeaderBytes)).Decode(&body); err != nil {
		http.Error(w, "Send {\"token\": …}.", http.StatusBadRequest)
		return
	}
	session, ok := s.sessions.admit(body.Token)
	if !ok {
		http.Error(w, signIn, http.StatusUnauthorized)
		return
	}
	http.SetCookie(w, &http.Cookie{
		Name: cookie, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	w.WriteHeader(http.StatusNoContent)
}

const signIn = "This address was used already, or is too old. Run `berth ui` for a new one."
