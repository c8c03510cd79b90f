package dockercontext

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

// Life is what a look at an engine's address found.
type Life string

// What can be found.
const (
	Alive Life = "alive"
	// Dead: nobody listens there, or this user is not let in.
	Dead Life = "dead"
	// Unknown: it is on another machine, or it takes its time; nobody may call it dead.
	Unknown Life = "unknown"
)

// patience is how long an engine on this machine may take to answer.
const patience = 2 * time.Second

// Probe looks whether an engine answers at an address on this machine. It asks no other machine: one that is asleep or
// behind a VPN is not dead, and its user wants no other engine in its place.
func Probe(ctx context.Context, endpoint string) (Life, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	scheme, rest, _ := strings.Cut(endpoint, "://")
	switch scheme {
	case "unix":
		return answers(ctx, "unix", rest)
	case "npipe":
		if _, err := os.Stat(strings.ReplaceAll(rest, "/", `\`)); errors.Is(err, fs.ErrNotExist) {
			return Dead, err
		}
		return Unknown, nil
	case "tcp", "http":
		u, err := url.Parse(endpoint)
		if err != nil || !loopback(u.Hostname()) {
			return Unknown, err
		}
		port := u.Port()
		if port == "" {
			port = "2375"
		}
		return answers(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	default:
		return Unknown, nil
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func answers(ctx context.Context, network, address string) (Life, error) {
	_, err := ask(ctx, network, address, "/_ping")
	switch {
	case err == nil:
		return Alive, nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrPermission):
		return Dead, err
	default:
		return Unknown, err
	}
}

// ask makes one request in plain HTTP and gives the answer's start, whatever its status.
func ask(ctx context.Context, network, address, path string) (string, error) {
	var d net.Dialer
	t := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, network, address) },
		DisableKeepAlives: true,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, nil)
	if err != nil {
		return "", err
	}
	res, err := (&http.Client{Transport: t}).Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 4<<10))
	return string(body), err
}

// wantsTLS says whether a tcp endpoint is one that a context without certificates could not use.
func wantsTLS(ctx context.Context, endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "tcp" && u.Scheme != "https" {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	said, err := ask(ctx, "tcp", u.Host, "/_ping")
	return err != nil || strings.Contains(said, "HTTPS server")
}
