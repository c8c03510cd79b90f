// Package client is how the faces reach the daemon: it finds the one of this user and instance, or starts it, and
// speaks the API over its unix socket. It is linked into the window and the tray as well, so it is plain net/http.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/berth-desktop/berth/backend/paths"
)

var (
	// ErrUnreachable says that no daemon answers. All errors of that kind wrap it.
	ErrUnreachable = errors.New("Berth cannot be reached") //nolint:staticcheck // Berth is a name
	// ErrNotRunning says that there is no daemon. It wraps ErrUnreachable.
	ErrNotRunning = fmt.Errorf("%w: it is not running", ErrUnreachable)
)

// helloTimeout is how long a daemon that listens may take to answer its first request.
const helloTimeout = 5 * time.Second

// Options say which daemon to connect to.
type Options struct {
	// Paths are those of the instance.
	Paths paths.Paths
	// Start starts the daemon if none runs.
	Start bool
	// Executable is the program that has `serve`; if empty, the berth beside this program, or on PATH.
	Executable string
	// Env is the environment of a daemon that is started; if nil, that of this process.
	Env []string
	// Log is told what happens on the way; it may be nil.
	Log *slog.Logger
}

// Client speaks to one daemon. If that daemon ends and another one starts, the client goes on with the new one.
type Client struct {
	http    *http.Client
	version string
}

// Connect returns a client of the daemon that runs, or starts one where Options say so. It returns an error that wraps
// ErrNotRunning if there is none, or ErrUnreachable if there is one that cannot be used.
func Connect(ctx context.Context, o Options) (*Client, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := newClient(o.Paths.APISocket())
	err := c.greet(ctx)
	if o.Start && (errors.Is(err, ErrNotRunning) || err == nil && isEnding(o.Paths)) {
		err = c.start(ctx, o)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func newClient(socket string) *Client {
	var d net.Dialer
	return &Client{http: &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", socket)
		},
		DisableCompression: true, // it never leaves the machine
		IdleConnTimeout:    time.Minute,
	}}}
}

// Close lets go of connections that are not in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// HTTP is for requests to http://berth/….
func (c *Client) HTTP() *http.Client { return c.http }

// Version is the daemon's.
func (c *Client) Version() string { return c.version }

// SameVersion says whether a daemon that calls itself daemon is of the version of program. In what it calls itself a dash
// stands for each character that a semantic version may not hold there, such as the plus of "+dirty".
func SameVersion(daemon, program string) bool {
	said := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '.' {
			return r
		}
		return '-'
	}, program)
	return daemon == program || daemon == said
}

// Do makes one request and reads its answer, whatever its status.
func (c *Client) Do(ctx context.Context, method, path, contentType string, body []byte) (status int, answer []byte, err error) {
	res, err := c.send(ctx, method, path, contentType, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	if err != nil {
		return 0, nil, fmt.Errorf("read the daemon's answer to %s %s: %w", method, path, err)
	}
	return res.StatusCode, answer, nil
}

// Stream opens what the daemon streams at path. The caller closes it. A refusal is an API error.
func (c *Client) Stream(ctx context.Context, path string) (io.ReadCloser, error) {
	res, err := c.send(ctx, http.MethodGet, path, "", http.NoBody)
	if err != nil {
		return nil, err
	}
	if res.StatusCode == http.StatusOK {
		return res.Body, nil
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("read the daemon's answer to GET %s: %w", path, err)
	}
	return nil, refusal(res.StatusCode, answer)
}

// OpenPage has the daemon serve the window's page to a browser. The address works once, for a few minutes.
func (c *Client) OpenPage(ctx context.Context) (url string, err error) {
	var page struct {
		URL string `json:"url"`
	}
	if err := c.call(ctx, http.MethodPost, "/local/ui", "", nil, &page); err != nil {
		return "", fmt.Errorf("ask for the page's address: %w", err)
	}
	return page.URL, nil
}

// call makes one request and decodes its answer into out; an answer that is no success is an API error.
func (c *Client) call(ctx context.Context, method, path, contentType string, body []byte, out any) error {
	status, answer, err := c.Do(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	if status < http.StatusOK || status >= http.StatusMultipleChoices {
		return refusal(status, answer)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("decode the daemon's answer to %s %s: %w", method, path, err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://berth"+path, body)
	if err != nil {
		return nil, fmt.Errorf("make a request to %s: %w", path, err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")) // the timeline names the face that asked by it
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(err)
	}
	return res, nil
}

// unreachable tells apart why the socket gave no answer.
func unreachable(err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w: %w", ErrNotRunning, err)
	default:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
}

// greet says hello again to a daemon that hangs up: it ended meanwhile, and where it listened nobody does a moment later.
func (c *Client) greet(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	var err error
	_ = until(limited, func() (bool, error) {
		err = c.hello(ctx)
		return !isHangUp(err), nil
	})
	return err
}

func isHangUp(err error) bool {
	// net/http has no name for the error of one that hung up before it was written to.
	return err != nil && strings.HasSuffix(err.Error(), "server closed idle connection") ||
		slices.ContainsFunc([]error{syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed, io.EOF, io.ErrUnexpectedEOF}, func(e error) bool { return errors.Is(err, e) })
}

// hello finds out whether a daemon answers, and its version.
func (c *Client) hello(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, helloTimeout)
	defer cancel()
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	err := c.call(limited, http.MethodGet, "/version", "", nil, &v)
	switch {
	case err == nil:
		// It is that of the Kubernetes API, which kubectl looks at, with ours behind it.
		_, c.version, _ = strings.Cut(v.GitVersion, "+berth.")
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrUnreachable):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: it listens and does not answer", ErrUnreachable)
	default:
		return fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
}
