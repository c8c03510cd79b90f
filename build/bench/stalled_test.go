package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// stalled is a face that has read what there was and reads no more.
type stalled struct {
	*watch
	conn net.Conn
}

// stalledWatch gives one. It speaks HTTP/1.1 through a small buffer, so that the daemon's end fills up soon.
func (d *daemon) stalledWatch(b *testing.B) *stalled {
	b.Helper()
	s := &stalled{}
	s.watch = d.watch(b, containersPath, func(cfg *rest.Config) {
		cfg.NextProtos = []string{"http/1.1"}
		cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if tcp, ok := conn.(*net.TCPConn); ok {
				err = tcp.SetReadBuffer(4 << 10)
			}
			s.conn = conn
			return conn, err
		}
	})
	current := make(chan struct{})
	var once sync.Once
	s.each(func(line []byte) {
		if bytes.Contains(line, []byte("k8s.io/initial-events-end")) {
			s.stop.Store(true)
			once.Do(func() { close(current) })
		}
	})
	select {
	case <-current:
	case <-time.After(time.Minute):
		b.Fatal("the face was never told that it has everything")
	}
	return s
}

// mustBeBlocked fails unless the daemon has something for the face that the face's end does not take: otherwise nothing
// stalls, and what is timed says nothing.
func (s *stalled) mustBeBlocked(b *testing.B) {
	b.Helper()
	first, second := s.unsent(b), 0
	<-time.After(300 * time.Millisecond) // what is merely slow would be on its way by then
	if second = s.unsent(b); first == 0 || second < first {
		b.Fatalf("the face is not blocked: %d and then %d bytes wait in the daemon's socket", first, second)
	}
}

// unsent is how many bytes wait in the daemon's end of the connection.
func (s *stalled) unsent(b *testing.B) int {
	b.Helper()
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		b.Fatal(err)
	}
	port := func(a net.Addr) string { return fmt.Sprintf(":%04X", a.(*net.TCPAddr).Port) }
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		const local, remote, queues = 1, 2, 4
		if len(f) <= queues || !strings.HasSuffix(f[local], port(s.conn.RemoteAddr())) || !strings.HasSuffix(f[remote], port(s.conn.LocalAddr())) {
			continue
		}
		waiting, _, _ := strings.Cut(f[queues], ":")
		n, err := strconv.ParseInt(waiting, 16, 64)
		if err != nil {
			b.Fatal(err)
		}
		return int(n)
	}
	b.Fatal("the daemon has ended the connection of the face that stalls")
	return 0
}
