package apiserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
)

// listenSocket opens the door of our faces. A socket that a killed daemon left is replaced: the instance's lock says
// that no other daemon lives. The returned listener removes the socket when it is closed.
func listenSocket(ctx context.Context, path string, log *slog.Logger) (net.Listener, error) {
	if err := closeFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if err := removeSocket(path); err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for our faces: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("close the API's socket to other users: %w", err), listener.Close())
	}
	return peerListener{Listener: listener, log: log}, nil
}

// closeFolder makes dir if it is missing, and closes it to other users: between bind and chmod a socket has the mode
// that the umask leaves it, and only its folder protects it.
func closeFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the API's socket: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("look at the folder of the API's socket: %w", err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if info.Mode()&fs.ModeSticky != 0 {
		return fmt.Errorf("%s is shared with other users: the API's socket needs a folder of its own", dir)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return fmt.Errorf("close the folder of the API's socket to other users: %w", err)
	}
	return nil
}

func removeSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a leftover socket: %w", err)
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return fmt.Errorf("%s is in the way of the API's socket and is no socket: move it elsewhere", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove a leftover socket: %w", err)
	}
	return nil
}

// listenLoopback opens the door of kubectl and its like.
func listenLoopback(ctx context.Context, address string) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for kubectl: %w", err)
	}
	if !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("listen for kubectl on %s: it can be reached from outside; use 127.0.0.1", address)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for kubectl: %w", err)
	}
	return listener, nil
}

// peerListener turns away connections of other users, should they ever get through the modes of socket and folder.
type peerListener struct {
	net.Listener

	log *slog.Logger
}

// Accept implements net.Listener.
func (l peerListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		refusal := l.admit(conn)
		if refusal == nil {
			return conn, nil
		}
		l.log.Warn("Turned away a connection to the API's socket", "err", refusal)
		_ = conn.Close() // nothing was said on it
	}
}

func (l peerListener) admit(conn net.Conn) error {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return fmt.Errorf("%T has no peer", conn)
	}
	uid, known, err := peerUID(unix)
	if err != nil {
		return fmt.Errorf("ask who has connected: %w", err)
	}
	if known && uid != 0 && uid != os.Getuid() {
		return fmt.Errorf("it belongs to user %d", uid)
	}
	return nil
}
