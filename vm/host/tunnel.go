package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/berth-desktop/berth/vm"
)

// tunnel is a socket that leads to an engine which is reached by certificates or ssh. So all docker clients, ours among
// them, reach it as they reach any: only here is known how.
type tunnel struct {
	listener net.Listener
	reach    reach
	explain  func(error) *vm.Failure
	end      context.CancelFunc
	running  sync.WaitGroup
}

// dig opens a tunnel at a path. Its folder must keep other users out.
func dig(path string, r reach, explain func(error) *vm.Failure) (*tunnel, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of %s: %w", path, err)
	}
	// The daemon's lock keeps others out: what is there was left by one that was killed.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	ctx, end := context.WithCancel(context.Background())
	t := &tunnel{listener: l, reach: r, explain: explain, end: end}
	t.running.Go(func() { t.accept(ctx) })
	return t, nil
}

// close ends the tunnel and all that goes through it.
func (t *tunnel) close() error {
	t.end()
	err := t.listener.Close()
	t.running.Wait()
	return err
}

func (t *tunnel) accept(ctx context.Context) {
	for {
		near, err := t.listener.Accept()
		if err != nil {
			return // it was closed
		}
		t.running.Go(func() { t.carry(ctx, near) })
	}
}

// carry joins one client with a connection of its own, until either side or the tunnel ends.
func (t *tunnel) carry(ctx context.Context, near net.Conn) {
	defer near.Close()
	far, err := t.reach(ctx)
	if err != nil {
		t.refuse(near, err)
		return
	}
	defer far.Close()
	defer context.AfterFunc(ctx, func() { _, _ = near.Close(), far.Close() })()
	up := make(chan struct{})
	go func() {
		defer close(up)
		_, _ = io.Copy(far, near) // how it ended the other direction tells
		closeWrite(far)
	}()
	n, err := io.Copy(near, far)
	if err != nil && n == 0 {
		t.refuse(near, err)
	}
	// Nothing comes any more, so there is nobody to send to: Docker ends a connection as a whole.
	_, _ = near.Close(), far.Close()
	<-up
}

func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // the other side may be gone
	}
}

// refuse tells a docker client in its own language why there is no engine.
func (t *tunnel) refuse(near net.Conn, err error) {
	body, _ := json.Marshal(map[string]string{"message": t.explain(err).Message}) // strings always are JSON
	_, _ = fmt.Fprintf(near, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
}
