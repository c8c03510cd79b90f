package host_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/host"
	"github.com/berth-desktop/berth/vm/vmtest"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{key: newKey(t)}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// issue writes ca.pem, cert.pem and key.pem of somebody into a folder, as docker looks for them.
func (a authority) issue(t *testing.T, dir string, ends time.Time) string {
	t.Helper()
	key := newKey(t)
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "somebody"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: ends,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	root, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.CreateCertificate(rand.Reader, cert, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem":   {Type: "CERTIFICATE", Bytes: root},
		"cert.pem": {Type: "CERTIFICATE", Bytes: signed},
		"key.pem":  {Type: "EC PRIVATE KEY", Bytes: private},
	} {
		write(t, filepath.Join(dir, name), string(pem.EncodeToMemory(block)))
	}
	return dir
}

// securedDocker starts a dockerd that listens on loopback to those who have a certificate of its authority.
func securedDocker(t *testing.T, keys string) (address string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	home := filepath.Dir(shortSocket(t))
	dockerd := filepath.Join(home, "dockerd")
	script := fmt.Sprintf("#!/bin/sh\nexec dockerd \"$@\" --host tcp://%s --tlsverify --tlscacert %[2]s/ca.pem --tlscert %[2]s/cert.pem --tlskey %[2]s/key.pem\n", address, keys)
	write(t, dockerd, script)
	if err := os.Chmod(dockerd, 0o700); err != nil {
		t.Fatal(err)
	}
	startDocker(t, home, dockerd)
	return address
}

func TestAnEngineIsReachedWithCertificates(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	address := securedDocker(t, a.issue(t, t.TempDir(), time.Now().Add(time.Hour)))
	mine := a.issue(t, t.TempDir(), time.Now().Add(time.Hour))
	inContext := dockerConfig(t, "far")
	write(t, filepath.Join(inContext, "contexts", "meta", "far-hash", "meta.json"),
		fmt.Sprintf(`{"Name":"far","Metadata":{},"Endpoints":{"docker":{"Host":"tcp://%s","SkipTLSVerify":false}}}`, address))
	a.issue(t, filepath.Join(inContext, "contexts", "tls", "far-hash", "docker"), time.Now().Add(time.Hour))

	for name, c := range map[string]struct {
		host          string
		env           map[string]string
		message, hint string // empty: it is reached
	}{
		"by docker's variables":    {env: map[string]string{"DOCKER_HOST": "tcp://" + address, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": mine}},
		"by docker's own folder":   {env: map[string]string{"DOCKER_HOST": "tcp://" + address, "DOCKER_TLS_VERIFY": "1", "DOCKER_CONFIG": mine}},
		"by a setting":             {host: "tcp://" + address, env: map[string]string{"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": mine}},
		"by a context":             {env: map[string]string{"DOCKER_CONFIG": inContext}},
		"without a certificate":    {host: "tcp://" + address, message: "wants certificates", hint: "DOCKER_CERT_PATH"},
		"with a stranger's":        {host: "tcp://" + address, env: map[string]string{"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": stranger.issue(t, t.TempDir(), time.Now().Add(time.Hour))}, message: "signed by nobody whom you trust", hint: "ca.pem"},
		"with one that is refused": {host: "tcp://" + address, env: map[string]string{"DOCKER_TLS": "1", "DOCKER_CERT_PATH": stranger.issue(t, t.TempDir(), time.Now().Add(time.Hour))}, message: "does not accept your certificate", hint: "cert.pem"},
		"with one that is over":    {host: "tcp://" + address, env: map[string]string{"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": a.issue(t, t.TempDir(), time.Now().Add(-time.Hour))}, message: "does not accept your certificate", hint: "cert.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			socket := shortSocket(t)
			d := host.New(host.Config{Host: c.host, Getenv: env(c.env), Socket: socket, Logger: slog.New(slog.DiscardHandler)})
			err := d.Start(t.Context(), nil)
			if c.message != "" {
				f := vm.FailureOf(err)
				if err == nil || !strings.Contains(f.Message, c.message) || !strings.Contains(f.Hint, c.hint) {
					t.Errorf("got %q, hint %q", f.Message, f.Hint)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\nhint: %s", err, vm.FailureOf(err).Hint)
			}
			throughTheSocket(t, d, socket)
		})
	}
}

// throughTheSocket expects that any docker client reaches the engine by the socket that the driver names, and that the
// socket is gone once it has detached.
func throughTheSocket(t *testing.T, d *host.Driver, socket string) {
	t.Helper()
	s, err := d.Inspect(t.Context())
	if err != nil || s.Phase != vm.Running || s.Endpoint != "unix://"+socket {
		t.Fatalf("it is %+v, %v", s, err)
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v, %v", info, err)
	}
	cmd := exec.CommandContext(t.Context(), "docker", "--host", s.Endpoint, "version", "--format", "{{.Server.Version}}")
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil || len(out) == 0 {
		t.Errorf("docker by that socket: %v\n%s", err, out)
	}
	if err := d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(socket); err == nil {
		t.Error("the socket is left")
	}
}

func TestAnEngineWithCertificatesKeepsTheContractOfADriver(t *testing.T) {
	a := newAuthority(t)
	address := securedDocker(t, a.issue(t, t.TempDir(), time.Now().Add(time.Hour)))
	vars := map[string]string{"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": a.issue(t, t.TempDir(), time.Now().Add(time.Hour))}
	vmtest.Conform(t, func(t *testing.T) vm.Driver {
		return host.New(host.Config{Host: "tcp://" + address, Getenv: env(vars), Socket: shortSocket(t), Logger: slog.New(slog.DiscardHandler)})
	})
}

func TestCertificatesForADockerWithoutAreExplained(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for c, err := l.Accept(); err == nil; c, err = l.Accept() {
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
			_ = c.Close()
		}
	}()
	defer func() { _ = l.Close(); <-done }()
	a := newAuthority(t)
	vars := map[string]string{"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": a.issue(t, t.TempDir(), time.Now().Add(time.Hour))}
	d := host.New(host.Config{Host: "tcp://" + l.Addr().String(), Getenv: env(vars), Socket: shortSocket(t), Logger: slog.New(slog.DiscardHandler)})
	if f := vm.FailureOf(d.Start(t.Context(), nil)); !strings.Contains(f.Message, "uses no certificates") {
		t.Errorf("got %q", f.Message)
	}
}
