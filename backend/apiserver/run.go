package apiserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// grace is how long requests under way may take at the end; watches are ended at once.
	grace = 500 * time.Millisecond
	// readHeaderTimeout and idleTimeout end connections that nobody uses.
	readHeaderTimeout = 30 * time.Second
	idleTimeout       = 5 * time.Minute
)

// Run opens both doors, writes the kubeconfig, and serves until ctx ends. Then it ends all watches, waits half a second
// at most for the other requests, and removes the socket and the kubeconfig. The stores stay usable. It is called once,
// by the owner of the instance's lock.
func (s *Server) Run(ctx context.Context) error {
	socket, err := listenSocket(ctx, s.cfg.Socket, s.cfg.Log)
	if err != nil {
		return err
	}
	defer socket.Close()
	loopback, err := listenLoopback(ctx, s.cfg.Address)
	if err != nil {
		return err
	}
	defer loopback.Close()
	token := newToken()
	certificate, err := newCertificate(time.Now())
	if err != nil {
		return err
	}
	// Before anything is answered: who has an answer may read it, and a daemon that was killed may have left its own.
	if err := writeKubeconfig(s.cfg.Kubeconfig, s.cfg.Namespace, loopback.Addr().String(), token, certificate); err != nil {
		return err
	}
	defer os.Remove(s.cfg.Kubeconfig)

	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s.api.RunPostStartHooks(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.serve(ctx, socket, s.forFaces(), nil) })
	g.Go(func() error {
		config := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13}
		return s.serve(ctx, loopback, s.forTools(token), config)
	})
	s.cfg.Log.Info("Serving the API", "socket", s.cfg.Socket, "address", loopback.Addr().String())
	close(s.ready)
	return g.Wait()
}

// forFaces is what the socket leads to.
func (s *Server) forFaces() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler())
	if s.cfg.Local != nil {
		mux.Handle("/local/", s.cfg.Local)
	}
	return refuseBrowsers(mux)
}

// forTools is what the loopback port leads to.
func (s *Server) forTools(token string) http.Handler {
	return refuseForeignNames(refuseBrowsers(demandToken(token, s.Handler())))
}

// serve serves one door until ctx ends. It closes the listener.
func (s *Server) serve(ctx context.Context, listener net.Listener, handler http.Handler, config *tls.Config) error {
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         config,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		s.watches.end()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
		defer cancel()
		ended <- errors.Join(server.Shutdown(last), server.Close())
	})
	var err error
	if config == nil {
		err = server.Serve(listener)
	} else {
		err = server.ServeTLS(listener, "", "")
	}
	if stop() {
		return fmt.Errorf("serve the API on %s: %w", listener.Addr(), err)
	}
	if err := <-ended; err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("stop serving the API on %s: %w", listener.Addr(), err)
	}
	return nil
}
