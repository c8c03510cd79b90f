package apiserver

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/cert"
)

// grace is how long requests under way may take at the end; watches are cut at once.
const grace = 500 * time.Millisecond

// Run listens on both doors, writes the kubeconfig, and serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	unix, err := listenUnix(ctx, s.cfg.Socket)
	if err != nil {
		return err
	}
	defer os.Remove(s.cfg.Socket)
	var lc net.ListenConfig
	tcp, err := lc.Listen(ctx, "tcp", s.cfg.Address)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for kubectl on %s: %w", s.cfg.Address, err), unix.Close())
	}
	token, err := newToken()
	if err != nil {
		return errors.Join(err, unix.Close(), tcp.Close())
	}
	certPEM, keyPEM, err := cert.GenerateSelfSignedCertKeyWithOptions(cert.SelfSignedCertKeyOptions{
		Host: "localhost", AlternateIPs: []net.IP{net.IPv4(127, 0, 0, 1)}, MaxAge: 10 * 365 * 24 * time.Hour,
	})
	if err != nil {
		return errors.Join(fmt.Errorf("make a certificate: %w", err), unix.Close(), tcp.Close())
	}
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return errors.Join(fmt.Errorf("load the certificate: %w", err), unix.Close(), tcp.Close())
	}

	s.api.PrepareRun()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	s.api.RunPostStartHooks(serving)

	doors := map[*http.Server]net.Listener{
		{Handler: notFromBrowsers(s.local()), ReadHeaderTimeout: time.Minute}:                                                               unix,
		{Handler: loopbackOnly(notFromBrowsers(withToken(token, s.Handler()))), ReadHeaderTimeout: time.Minute, TLSConfig: serverTLS(pair)}: tcp,
	}
	g, ctx := errgroup.WithContext(ctx)
	for srv, l := range doors {
		srv.BaseContext = func(net.Listener) context.Context { return serving }
		g.Go(func() error {
			var err error
			if srv.TLSConfig != nil {
				err = srv.ServeTLS(l, "", "")
			} else {
				err = srv.Serve(l)
			}
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return fmt.Errorf("serve the API on %s: %w", l.Addr(), err)
		})
		g.Go(func() error {
			<-ctx.Done()
			stop()
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			if err := srv.Shutdown(last); err != nil {
				return srv.Close()
			}
			return nil
		})
	}
	if err := writeKubeconfig(s.cfg.Kubeconfig, s.cfg.Namespace, tcp.Addr().String(), token, certPEM); err != nil {
		stop()
		return err
	}
	defer os.Remove(s.cfg.Kubeconfig)
	close(s.ready)
	return g.Wait()
}

func serverTLS(pair tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13}
}

// listenUnix takes the place of a socket that a killed daemon left. The instance's lock says that no other lives.
func listenUnix(ctx context.Context, path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the API's socket: %w", err)
	}
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("remove a leftover socket: %w", err)
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for our faces on %s: %w", path, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("close the socket to others: %w", err), l.Close())
	}
	return l, nil
}

func (s *Server) local() http.Handler {
	mux := http.NewServeMux()
	if s.cfg.Local != nil {
		mux.Handle("/local/", s.cfg.Local)
	}
	mux.Handle("/", s.Handler())
	return mux
}

// Ready is closed once both doors are open and the kubeconfig is written.
func (s *Server) Ready() <-chan struct{} { return s.ready }

func newToken() (string, error) {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return hex.EncodeToString(b), nil
}

func withToken(token string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte("Bearer " + token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			refuse(w, http.StatusUnauthorized, "Unauthorized", "the token in the kubeconfig is needed; a restart of Berth makes a new one")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// notFromBrowsers refuses what a web page could send: no tool of ours does, and a page has a door of its own.
func notFromBrowsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			refuse(w, http.StatusForbidden, "Forbidden", "this door is not for browsers: run 'berth ui'")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopbackOnly refuses names that a foreign DNS server may have pointed at us.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil || host != "127.0.0.1" && host != "localhost" {
			refuse(w, http.StatusMisdirectedRequest, "Forbidden", "use the address in the kubeconfig")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"message":%q,"code":%d}`, reason, message, code)
}

func writeKubeconfig(path, namespace, address, token string, ca []byte) error {
	c := clientcmdapi.NewConfig()
	c.Clusters["berth"] = &clientcmdapi.Cluster{Server: "https://" + address, CertificateAuthorityData: ca}
	c.AuthInfos["owner"] = &clientcmdapi.AuthInfo{Token: token}
	c.Contexts["berth"] = &clientcmdapi.Context{Cluster: "berth", AuthInfo: "owner", Namespace: namespace}
	c.CurrentContext = "berth"
	text, err := clientcmd.Write(*c)
	if err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	next := path + ".new"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return fmt.Errorf("write the kubeconfig: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("put the kubeconfig in place: %w", err)
	}
	return nil
}
