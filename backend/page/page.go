// Package page serves the page to the user's own browser, on loopback, once somebody asks for it.
//
// A loopback port is open to every user and every web page of the machine, so nothing is answered that was not asked by
// the page itself: a one-time token in the address's fragment, which no server and no log ever sees, is traded for a
// SameSite=Strict session cookie; Host, Origin and Sec-Fetch-Site are checked; and of the API only our own groups can be
// reached. Only package backend uses it.
package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/berth-desktop/berth/frontend"
)

const (
	readHeaderTimeout = 5 * time.Second
	idleTimeout       = 2 * time.Minute
	shutdownTimeout   = 2 * time.Second
	maxHeaderBytes    = 16 << 10
)

// Config is what a Server needs. All fields are required.
type Config struct {
	// Assets is the built page. It may be empty; the server then says how to build it.
	Assets fs.FS
	// API answers for a caller that has been let in.
	API http.Handler
	// Doctor answers GET /local/doctor for a caller that has been let in. It may be nil.
	Doctor http.Handler
	// Desktop answers /local/desktop for a caller that has been let in. It may be nil.
	Desktop http.Handler
	Log     *slog.Logger
}

// Server serves the page and its share of the API.
type Server struct {
	cfg      Config
	sessions *sessions
	asks     chan chan<- asked
	streams  sync.WaitGroup // what http.Server does not wait for: it has given their connections away
}

// asked is what Run answers to who wants to know where the page is.
type asked struct {
	address string
	err     error
}

// New makes a server. It binds nothing; Run does, once the page is asked for.
func New(cfg Config) *Server {
	return &Server{cfg: cfg, sessions: newSessions(time.Now), asks: make(chan chan<- asked)}
}

// Local answers POST /local/ui with an address that opens the page once. Whoever mounts it answers for its callers:
// they become the user.
func (s *Server) Local() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /local/ui", s.invite)
	return mux
}

func (s *Server) invite(w http.ResponseWriter, r *http.Request) {
	address, err := s.address(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	body := map[string]string{"url": "http://" + address + "/#token=" + s.sessions.invite()}
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.cfg.Log.Debug("The page's address was not taken", "error", err)
	}
}

// address asks Run where the page is, which makes it listen.
func (s *Server) address(ctx context.Context) (string, error) {
	answer := make(chan asked, 1)
	select {
	case s.asks <- answer:
		a := <-answer
		return a.address, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// Run serves until ctx ends. It listens from the first time that Local is asked.
func (s *Server) Run(ctx context.Context) error {
	var address string
	served := make(chan error, 1)
	for {
		select {
		case ask := <-s.asks:
			if address == "" {
				listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
				if err != nil {
					ask <- asked{err: fmt.Errorf("listen for browsers: %w", err)}
					continue
				}
				address = listener.Addr().String()
				s.cfg.Log.Info("Serving the page to browsers", "address", address)
				go func() { served <- s.serve(ctx, listener, address) }()
			}
			ask <- asked{address: address}
		case err := <-served:
			return err
		case <-ctx.Done():
			if address == "" {
				return nil
			}
			return <-served
		}
	}
}

// serve owns listener. It returns once ctx ended and no request is left.
func (s *Server) serve(ctx context.Context, listener net.Listener, address string) error {
	server := &http.Server{
		Handler:           s.handler(address),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// Watches end with the daemon.
		BaseContext: func(net.Listener) context.Context { return ctx },
		ErrorLog:    slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(grace), server.Close())
	})
	err := server.Serve(listener)
	defer s.streams.Wait()
	if stop() {
		return fmt.Errorf("serve the page: %w", err)
	}
	if err := <-stopped; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop serving the page: %w", err)
	}
	return nil
}

// handler is everything that the page's address answers.
func (s *Server) handler(address string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session", func(w http.ResponseWriter, r *http.Request) { s.open(w, r, cookieName(address)) })
	mux.Handle("/apis/", s.let(cookieName(address)))
	mux.Handle("/version", s.let(cookieName(address)))
	mux.Handle("GET /stream", s.stream("http://"+address, cookieName(address)))
	if s.cfg.Doctor != nil {
		mux.Handle("GET /local/doctor", s.members(cookieName(address), s.cfg.Doctor))
	}
	if s.cfg.Desktop != nil {
		mux.Handle("/local/desktop", s.members(cookieName(address), s.cfg.Desktop))
	}
	mux.Handle("/", assets(s.cfg.Assets))
	return frontend.Protect(guard(address, mux))
}
