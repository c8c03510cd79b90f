package enginetest

import (
	"context"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// Proxy stands before an engine, passes on all that is said, counts it, and does wrong what a test tells it to.
// Its socket speaks HTTP; interactive sessions pass, too.
type Proxy struct {
	path    string
	engine  http.Handler
	server  *http.Server
	serving sync.WaitGroup

	mu       sync.Mutex // guards below
	listener *net.UnixListener
	lines    map[*line]bool
	streams  map[*eventStream]bool
	faults   []*Fault
	drop     func() bool // whether the next event is to be lost
	gates    gates
	calls    map[string]int
}

// NewProxy puts a proxy before the daemon until the test has ended.
func NewProxy(t testing.TB, d *Daemon) *Proxy {
	t.Helper()
	var dialer net.Dialer
	up := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", d.Socket())
		},
		DisableCompression: true,
	}
	t.Cleanup(up.CloseIdleConnections)
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "engine"})
	pass.Transport, pass.FlushInterval, pass.ErrorLog = up, -1, quiet()
	pass.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {
		panic(http.ErrAbortHandler) // the client is to see what the proxy saw: a line that breaks
	}
	return serve(t, pass)
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }

// serve puts a proxy before anything that answers as an engine does.
func serve(t testing.TB, engine http.Handler) *Proxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "px") //nolint:usetesting // t.TempDir makes too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{
		path: filepath.Join(dir, "p.sock"), engine: engine,
		lines: map[*line]bool{}, streams: map[*eventStream]bool{}, calls: map[string]int{},
	}
	p.server = &http.Server{Handler: http.HandlerFunc(p.serveHTTP), ErrorLog: quiet(), ReadHeaderTimeout: time.Minute}
	t.Cleanup(func() {
		p.Thaw()
		p.Heal()
		p.Vanish()
		_ = p.server.Close()
		p.serving.Wait()
		_ = os.RemoveAll(dir)
	})
	p.Return(t)
	return p
}

// Endpoint is where docker clients reach the engine through the proxy.
func (p *Proxy) Endpoint() string { return "unix://" + p.path }

// Cut breaks all lines. New ones are taken.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		_ = l.Close()
	}
}

// CutEvents breaks the streams of events alone, and gives how many there were.
func (p *Proxy) CutEvents() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.streams {
		s.end()
	}
	return len(p.streams)
}

// Refuse breaks all lines and takes no new ones until Return: the socket's file is there, and nobody listens.
func (p *Proxy) Refuse() { p.leave(false) }

// Vanish breaks all lines and removes the socket's file, until Return.
func (p *Proxy) Vanish() { p.leave(true) }

func (p *Proxy) leave(unlink bool) {
	p.mu.Lock()
	if p.listener != nil {
		p.listener.SetUnlinkOnClose(unlink)
		_ = p.listener.Close()
		p.listener = nil
	} else if unlink {
		_ = os.Remove(p.path)
	}
	p.mu.Unlock()
	p.Cut()
}

// Return ends Refuse and Vanish, with a new file for the socket.
func (p *Proxy) Return(t testing.TB) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return
	}
	_ = os.Remove(p.path)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: p.path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	p.listener = l
	p.serving.Go(func() { _ = p.server.Serve(tap{l, p}) })
}

// Freeze lets nothing through in either direction and breaks nothing, as a machine that is suspended, until Thaw.
func (p *Proxy) Freeze() { p.set(func(g *gates) { g.both = make(chan struct{}) }) }

// Mute takes all that is said, has it done, and answers nothing until Thaw.
func (p *Proxy) Mute() { p.set(func(g *gates) { g.out = make(chan struct{}) }) }

// Thaw ends Freeze, Mute and Trickle. What was held up goes on.
func (p *Proxy) Thaw() { p.set(func(*gates) {}) }

// Trickle answers no more than so many bytes at once, with a pause after each, until Thaw.
func (p *Proxy) Trickle(bytes int, pause time.Duration) {
	p.set(func(g *gates) { g.bytes, g.pause = bytes, pause })
}

// set replaces the gates and lets those go on who wait at the former ones.
func (p *Proxy) set(change func(*gates)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.gates
	p.gates = gates{}
	change(&p.gates)
	for _, gate := range []chan struct{}{was.both, was.out} {
		if gate != nil {
			close(gate)
		}
	}
}

func (p *Proxy) now() gates {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gates
}

// Calls is how often paths were asked for that match, without the version before them: ^/containers/json$.
func (p *Proxy) Calls(pattern string) int {
	match := regexp.MustCompile(pattern)
	n := 0
	for path, times := range p.Paths() {
		if match.MatchString(path) {
			n += times
		}
	}
	return n
}

// Paths is how often each path was asked for, without the version before it.
func (p *Proxy) Paths() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.calls)
}
