package host

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/berth-desktop/berth/vm"
)

// reach opens one connection to an engine.
type reach func(ctx context.Context) (net.Conn, error)

// way is how an engine is reached.
type way struct {
	reach reach
	// direct says that any docker client can go there by the endpoint alone.
	direct bool
}

// way finds out how to reach the target's endpoint. It connects to nothing yet.
func (t Target) way() (way, error) {
	scheme, rest, _ := strings.Cut(t.Endpoint, "://")
	switch scheme {
	case "unix":
		if !filepath.IsAbs(rest) {
			return way{}, &vm.Failure{Message: fmt.Sprintf("%q is no address of a socket", t.Endpoint), Hint: "Write it with three slashes, such as unix:///var/run/docker.sock"}
		}
		return way{reach: plain("unix", rest), direct: true}, nil
	case "tcp", "http", "https":
		return t.tcp(scheme)
	case "ssh":
		s, err := parseSSH(t.Endpoint)
		if err != nil {
			return way{}, err
		}
		return way{reach: s.dial}, nil
	case "npipe":
		return way{}, &vm.Failure{Message: fmt.Sprintf("Berth cannot use a named pipe yet: %s", t.Endpoint), Hint: "Let Docker listen on tcp://127.0.0.1:2375 and set that as containerEngine.host"}
	default:
		return way{}, &vm.Failure{
			Message: fmt.Sprintf("Berth does not know how to reach %q", t.Endpoint),
			Hint:    "Use unix:///PATH, tcp://HOST:PORT, ssh://USER@HOST or the name of a Docker context (docker context ls)",
		}
	}
}

func (t Target) tcp(scheme string) (way, error) {
	u, err := url.Parse(t.Endpoint)
	if err != nil || u.Hostname() == "" {
		return way{}, &vm.Failure{Message: fmt.Sprintf("%q is no address of an engine", t.Endpoint), Hint: "Write it as tcp://HOST:PORT", Err: err}
	}
	keys := t.keys
	if scheme == "https" && keys == nil {
		keys = &keyring{verify: true}
	}
	port := u.Port()
	switch {
	case port == "" && keys != nil:
		port = "2376"
	case port == "":
		port = "2375"
	}
	dial := plain("tcp", net.JoinHostPort(u.Hostname(), port))
	if keys == nil {
		return way{reach: dial, direct: true}, nil
	}
	config, err := keys.config(u.Hostname())
	if err != nil {
		return way{}, err
	}
	return way{reach: func(ctx context.Context) (net.Conn, error) {
		c, err := dial(ctx)
		if err != nil {
			return nil, err
		}
		secured := tls.Client(c, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		return secured, nil
	}}, nil
}

func plain(network, address string) reach {
	var d net.Dialer
	return func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, network, address) }
}

// keyring is where the certificates for an engine are: PEM files named as docker names them, each of which may be
// missing.
type keyring struct {
	dir    string
	verify bool // that the engine is who it says it is
}

// keysOf are those that docker's variables name, and nil if they ask for no TLS.
func keysOf(getenv func(string) string) *keyring {
	verify := getenv("DOCKER_TLS_VERIFY") != ""
	if !verify && getenv("DOCKER_TLS") == "" {
		return nil
	}
	dir := getenv("DOCKER_CERT_PATH")
	if dir == "" {
		dir = configDir(getenv)
	}
	return &keyring{dir: dir, verify: verify}
}

func (k *keyring) config(server string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: server, InsecureSkipVerify: !k.verify} //nolint:gosec // where the user said so
	if k.dir == "" {
		return c, nil
	}
	ca, err := k.read("ca.pem")
	if err != nil {
		return nil, err
	}
	if ca != nil {
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(ca) {
			return nil, k.unusable("ca.pem", errors.New("there is no certificate in it"))
		}
	}
	cert, err := k.read("cert.pem")
	if err != nil {
		return nil, err
	}
	key, err := k.read("key.pem")
	if err != nil || cert == nil && key == nil {
		return c, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, k.unusable("cert.pem", err)
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// read gives nil for a file that is not there.
func (k *keyring) read(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(k.dir, name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, k.unusable(name, err)
	}
	return b, nil
}

func (k *keyring) unusable(name string, err error) error {
	return &vm.Failure{
		Message: fmt.Sprintf("The certificate %s cannot be used: %v", filepath.Join(k.dir, name), err),
		Hint:    "Repair that file: it should hold PEM, cert.pem belongs to key.pem, and you should be able to read both", Err: err,
	}
}
