package enginetest

import (
	"net"
	"sync"
	"time"
)

// gates say what the lines let through. A channel that is there holds everybody up until it is closed.
type gates struct {
	both, out chan struct{}
	bytes     int // how many at once; 0 means any number
	pause     time.Duration
}

// tap makes lines of a listener's connections.
type tap struct {
	net.Listener
	proxy *Proxy
}

// Accept waits for the next one.
func (l tap) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.proxy.newLine(c), nil
}

// line is one connection of a client.
type line struct {
	net.Conn
	proxy  *Proxy
	closed chan struct{}
	once   sync.Once
}

func (p *Proxy) newLine(c net.Conn) *line {
	l := &line{Conn: c, proxy: p, closed: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil { // it was accepted while the others were cut
		_ = l.Close()
	}
	p.lines[l] = true
	return l
}

// Close ends it. The proxy may hold its own lock meanwhile.
func (l *line) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Conn.Close()
}

// Read gives what the client says, when the proxy lets it through.
func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	select {
	case <-l.closed:
		l.proxy.mu.Lock()
		delete(l.proxy.lines, l)
		l.proxy.mu.Unlock()
	default:
	}
	if n > 0 && !l.pass(l.proxy.now().both) {
		return 0, net.ErrClosed
	}
	return n, err
}

// Write answers the client, when and as fast as the proxy lets it through.
func (l *line) Write(b []byte) (int, error) {
	for sent := 0; ; {
		g := l.proxy.now()
		if g.both != nil || g.out != nil {
			if !l.pass(g.both) || !l.pass(g.out) {
				return sent, net.ErrClosed
			}
			continue
		}
		part := b[sent:]
		if g.bytes > 0 && len(part) > g.bytes {
			part = part[:g.bytes]
		}
		n, err := l.Conn.Write(part)
		if sent += n; err != nil || sent == len(b) {
			return sent, err
		}
		select {
		case <-time.After(g.pause):
		case <-l.closed:
			return sent, net.ErrClosed
		}
	}
}

// pass waits at a gate, and says whether the line still stands.
func (l *line) pass(gate chan struct{}) bool {
	if gate == nil {
		return true
	}
	select {
	case <-gate:
		return true
	case <-l.closed:
		return false
	}
}
