// Package docker speaks the few words of the Docker API that a house of an engine needs: is it there, and which
// networks does it have. All else is the business of backend/engine.
package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// ErrNotDocker says that something answers, but it is not a Docker API.
var ErrNotDocker = errors.New("what answers there is not Docker")

// ErrWantsTLS says that Docker answers, but only to those who speak TLS.
var ErrWantsTLS = errors.New("it answers only over TLS")

// ErrTooOld says that Docker answers, and speaks less than Berth needs.
var ErrTooOld = errors.New("it speaks an older API than Berth needs")

// leastMinor is the minor version of the oldest API that will do: 1.41 is Docker 20.10's.
const leastMinor = 41

// maxAnswer bounds what is read of one answer: a list of thousands of networks is smaller.
const maxAnswer = 16 << 20

// Client talks to one engine. It keeps no connection between calls, so there is nothing to close.
type Client struct {
	http http.Client
}

// New returns a client for an address that net.Dial knows, such as "unix", "/run/docker.sock". It does no I/O.
func New(network, address string) *Client {
	var d net.Dialer
	return Through(func(ctx context.Context) (net.Conn, error) { return d.DialContext(ctx, network, address) })
}

// Through returns a client whose connections dial opens.
func Through(dial func(context.Context) (net.Conn, error)) *Client {
	return &Client{http: http.Client{
		Transport: &http.Transport{
			DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
			DisableKeepAlives: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Ping returns nil once the engine answers. An error of the connection keeps its errno for errors.Is.
func (c *Client) Ping(ctx context.Context) error {
	resp, err := c.get(ctx, "/_ping")
	if err != nil {
		if malformed(err) {
			return ErrNotDocker
		}
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusBadRequest {
		// net/http's server says so, and Docker's is one.
		if text, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)); strings.Contains(string(text), "HTTP request to an HTTPS server") {
			return ErrWantsTLS
		}
	}
	if resp.Header.Get("Api-Version") == "" {
		return fmt.Errorf("%w: it answered %s without an API version", ErrNotDocker, resp.Status)
	}
	if resp.StatusCode != http.StatusOK {
		return answer(resp)
	}
	return newEnough(resp.Header.Get("Api-Version"))
}

// newEnough takes what it can't read for new: later versions may be written otherwise.
func newEnough(version string) error {
	minor, found := strings.CutPrefix(version, "1.")
	if n, err := strconv.Atoi(minor); found && err == nil && n < leastMinor {
		return fmt.Errorf("%w: %s, and not 1.%d", ErrTooOld, version, leastMinor)
	}
	return nil
}

// malformed tells an answer in another protocol from a connection that failed. net/http has no type for it, and says
// of a server that speaks before it is asked, as a mail server does, that peeking failed without an error.
func malformed(err error) bool {
	for _, said := range []string{"malformed HTTP", "server gave HTTP response to HTTPS client", "readLoopPeekFailLocked: %!w(<nil>)"} {
		if strings.Contains(err.Error(), said) {
			return true
		}
	}
	return false
}

func (c *Client) get(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker"+path, nil)
	if err != nil {
		return nil, err
	}
	return c.http.Do(req)
}

func (c *Client) getJSON(ctx context.Context, path string, into any) error {
	resp, err := c.get(ctx, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return answer(resp)
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(into); err != nil {
		return fmt.Errorf("read the answer to %s: %w", path, err)
	}
	return nil
}

// answer is the error of a request that the engine refused, in its own words.
func answer(resp *http.Response) error {
	var said struct{ Message string }
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10)) // a reply that breaks off still has its status
	if json.Unmarshal(body, &said) == nil && said.Message != "" {
		return fmt.Errorf("%s: %s", resp.Status, said.Message)
	}
	return errors.New(resp.Status)
}
