package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/moby/moby/client"
)

// Kind of a thing in an engine.
type Kind string

// The kinds.
const (
	KindContainer Kind = "container"
	KindImage     Kind = "image"
	KindVolume    Kind = "volume"
	KindNetwork   Kind = "network"
)

// Key names one thing in an engine: a container's ID, an image's ID or, where the engine told no more, a reference
// to one, a volume's name, a network's ID. Without an ID it stands for all of its kind: the engine does not say which have
// changed; and without a kind for anything.
type Key struct {
	Kind Kind
	ID   string
}

// Info describes an engine.
type Info struct {
	Version       string
	APIVersion    string
	Platform      string // such as linux/amd64
	StorageDriver string
	Now           time.Time // by the engine's own clock, which need not be ours
}

// Client speaks to one engine. Its methods may be called from any goroutine.
type Client struct {
	endpoint string
	host     string // for the Host header
	moby     *client.Client
	http     *http.Client
	version  atomic.Pointer[string] // the negotiated API version; nil before the first call
	seed     maphash.Seed           // of fingerprints
}

// Dial prepares a client for the engine at endpoint. It does no I/O: the first call connects.
func Dial(endpoint string) (*Client, error) {
	network, address, err := parse(endpoint)
	if err != nil {
		return nil, err
	}
	moby, err := client.New(client.WithHost(endpoint))
	if err != nil {
		return nil, fmt.Errorf("prepare a client for %s: %w", endpoint, err)
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	host := address
	if network == "unix" {
		host = client.DummyHost
	}
	return &Client{
		endpoint: endpoint,
		host:     host,
		moby:     moby,
		seed:     maphash.MakeSeed(),
		http: &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			DisableCompression:  true,
			MaxIdleConnsPerHost: 16,
			IdleConnTimeout:     30 * time.Second,
		}},
	}, nil
}

func parse(endpoint string) (network, address string, err error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", "", fmt.Errorf("read the engine's address %q: %w", endpoint, err)
	}
	switch u.Scheme {
	case "unix":
		if u.Path == "" {
			return "", "", fmt.Errorf("the engine's address %q names no socket: use unix:///path/to/docker.sock", endpoint)
		}
		return "unix", u.Path, nil
	case "tcp", "http":
		if u.Port() == "" {
			return "", "", fmt.Errorf("the engine's address %q names no port: use tcp://host:2375", endpoint)
		}
		return "tcp", u.Host, nil
	case "ssh":
		return "", "", fmt.Errorf("the engine at %s is reached over ssh, which this version cannot do yet: use unix:// or tcp://", endpoint)
	case "https":
		return "", "", fmt.Errorf("the engine at %s wants TLS, which this version cannot do yet: use unix:// or tcp://", endpoint)
	default:
		return "", "", fmt.Errorf("the engine's address %q is none that Berth knows: use unix:// or tcp://", endpoint)
	}
}

// Close gives the idle connections back. Calls on their way go on.
func (c *Client) Close() error {
	c.http.CloseIdleConnections()
	return c.moby.Close()
}

// Endpoint is the address that the client was made for.
func (c *Client) Endpoint() string { return c.endpoint }

// Ping asks the engine for a sign of life.
func (c *Client) Ping(ctx context.Context) error {
	res, err := c.do(ctx, "/_ping")
	if err != nil {
		return fmt.Errorf("ping the engine: %w", err)
	}
	drain(res)
	return nil
}

// Info asks the engine who it is.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var said struct {
		ServerVersion, OSType, Architecture, Driver string
		SystemTime                                  string
	}
	if err := c.get(ctx, "/info", &said); err != nil {
		return Info{}, fmt.Errorf("ask the engine who it is: %w", err)
	}
	now, err := time.Parse(time.RFC3339Nano, said.SystemTime)
	if err != nil {
		now = time.Unix(0, 0) // then all events that the engine remembers are news, which does no harm
	}
	return Info{
		Version:       said.ServerVersion,
		APIVersion:    *c.version.Load(),
		Platform:      said.OSType + "/" + goArch(said.Architecture),
		StorageDriver: said.Driver,
		Now:           now,
	}, nil
}

// goArch turns what the kernel calls its architecture into what images call it.
func goArch(machine string) string {
	switch machine {
	case "x86_64":
		return "amd64"
	case "aarch64":
		return "arm64"
	case "armv7l", "armv6l":
		return "arm"
	default:
		return machine
	}
}

// get reads the JSON answer of a versioned path into out.
func (c *Client) get(ctx context.Context, path string, out any) error {
	return c.read(ctx, path, func(r io.Reader) error { return json.NewDecoder(r).Decode(out) })
}

// read hands the answer of a versioned path to decode.
func (c *Client) read(ctx context.Context, path string, decode func(io.Reader) error) error {
	version, err := c.negotiated(ctx)
	if err != nil {
		return err
	}
	res, err := c.do(ctx, "/v"+version+path)
	if err != nil {
		return err
	}
	defer drain(res)
	if err := decode(res.Body); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("read the engine's answer: %w", err)
	}
	return nil
}

// negotiated is the newest API version that both sides speak.
func (c *Client) negotiated(ctx context.Context) (string, error) {
	if v := c.version.Load(); v != nil {
		return *v, nil
	}
	if _, err := c.moby.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true}); err != nil {
		return "", translate(err)
	}
	v := c.moby.ClientVersion()
	c.version.Store(&v)
	return v, nil
}

// do sends one GET and returns an answer that the engine calls good; the caller drains it.
func (c *Client) do(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.host+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// A url.Error says "Get http://…", which means nothing to anybody.
		if sent, ok := errors.AsType[*url.Error](err); ok {
			err = sent.Err
		}
		return nil, &answer{kind: ErrUnavailable, words: err.Error(), cause: err}
	}
	if res.StatusCode < http.StatusBadRequest {
		return res, nil
	}
	defer drain(res)
	return nil, refusal(res)
}

// drain lets the connection be used again, unless too much is left on it.
func drain(res *http.Response) {
	_, _ = io.CopyN(io.Discard, res.Body, 4096)
	_ = res.Body.Close()
}

// segment escapes one name for use in a path; a name that would lead elsewhere is nothing that an engine has.
func segment(name string) (string, error) {
	if name == "" || name == "." || name == ".." {
		return "", &answer{kind: ErrNotFound, words: fmt.Sprintf("nothing is called %q", name)}
	}
	return url.PathEscape(name), nil
}

// segments escapes a name that may hold slashes, such as an image's.
func segments(name string) (string, error) {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		escaped, err := segment(p)
		if err != nil {
			return "", err
		}
		parts[i] = escaped
	}
	return strings.Join(parts, "/"), nil
}
