package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/exec"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/berth-desktop/berth/vm"
)

// sshTarget is an engine on a machine that ssh logs in to.
type sshTarget struct {
	user, host, port string
	socket           string // of the engine there; empty means what docker uses there
}

func parseSSH(endpoint string) (sshTarget, error) {
	u, err := url.Parse(endpoint)
	bad := err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != ""
	if !bad && u.User != nil {
		_, secret := u.User.Password()
		bad = secret || strings.HasPrefix(u.User.Username(), "-")
	}
	if bad || strings.HasPrefix(u.Hostname(), "-") {
		return sshTarget{}, &vm.Failure{Message: fmt.Sprintf("%q is no address of an engine", redacted(endpoint)), Hint: "Write it as ssh://USER@HOST or ssh://USER@HOST:PORT, without a password"}
	}
	s := sshTarget{user: u.User.Username(), host: u.Hostname(), port: u.Port()}
	if u.Path != "" && u.Path != "/" {
		s.socket = path.Clean(u.Path)
	}
	return s, nil
}

func redacted(endpoint string) string {
	if u, err := url.Parse(endpoint); err == nil {
		return u.Redacted()
	}
	return "ssh://…"
}

// args call ssh as docker's own command does. Nobody is there to answer a question, so none may be asked.
func (s sshTarget) args() []string {
	args := []string{"-T", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"}
	if s.user != "" {
		args = append(args, "-l", s.user)
	}
	if s.port != "" {
		args = append(args, "-p", s.port)
	}
	args = append(args, "--", s.host, "docker")
	if s.socket != "" {
		args = append(args, "--host", "'unix://"+strings.ReplaceAll(s.socket, "'", `'\''`)+"'") // a shell reads it there
	}
	return append(args, "system", "dial-stdio")
}

// dial starts ssh, whose input and output are the connection. That it leads nowhere is seen by the first read.
func (s sshTarget) dial(ctx context.Context) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	cmd := exec.Command("ssh", s.args()...) //nolint:noctx // Close ends it: a connection outlives the ctx of its dial
	cmd.SysProcAttr = ownGroup()
	c := &sshConn{cmd: cmd, to: s.host, ended: make(chan struct{})}
	cmd.Stderr = &c.said
	var err error
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = out
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start ssh: %w", err)
	}
	return c, nil
}

// sshConn is a connection through an ssh that runs for it alone.
type sshConn struct {
	cmd   *exec.Cmd
	to    string
	in    io.WriteCloser
	out   io.ReadCloser
	said  lastWords
	once  sync.Once
	how   error // valid once ended is closed
	ended chan struct{}
}

// sshError is the end of an ssh that was no clean one, in its own words.
type sshError struct{ words string }

func (e *sshError) Error() string { return e.words }

// Read implements net.Conn. It says how ssh ended, if not well.
func (c *sshConn) Read(b []byte) (int, error) {
	n, err := c.out.Read(b)
	if err == nil || n > 0 {
		return n, nil
	}
	c.reap(0)
	if c.how != nil && c.said.String() != "" {
		return 0, &sshError{words: c.said.String()}
	}
	return 0, io.EOF
}

// Write implements net.Conn.
func (c *sshConn) Write(b []byte) (int, error) { return c.in.Write(b) }

// CloseWrite ends what is sent; what comes may go on.
func (c *sshConn) CloseWrite() error { return c.in.Close() }

// Close ends ssh and waits for it.
func (c *sshConn) Close() error {
	_ = c.in.Close() // it may have been closed already
	c.reap(syscall.SIGTERM)
	return nil
}

// reap waits for ssh, after sending it a signal unless that is 0. One that has not gone a second later is made to.
func (c *sshConn) reap(s syscall.Signal) {
	if s != 0 {
		_ = c.cmd.Process.Signal(s) // it may have ended already
	}
	insist := time.AfterFunc(time.Second, func() { _ = c.cmd.Process.Kill() })
	defer insist.Stop()
	c.once.Do(func() {
		defer close(c.ended)
		c.how = c.cmd.Wait()
	})
	<-c.ended
}

// LocalAddr implements net.Conn.
func (c *sshConn) LocalAddr() net.Addr { return sshAddr("here") }

// RemoteAddr implements net.Conn.
func (c *sshConn) RemoteAddr() net.Addr { return sshAddr(c.to) }

// SetDeadline implements net.Conn; there are none. Whoever gives up waiting closes the connection.
func (c *sshConn) SetDeadline(time.Time) error { return errors.ErrUnsupported }

// SetReadDeadline implements net.Conn.
func (c *sshConn) SetReadDeadline(time.Time) error { return errors.ErrUnsupported }

// SetWriteDeadline implements net.Conn.
func (c *sshConn) SetWriteDeadline(time.Time) error { return errors.ErrUnsupported }

type sshAddr string

func (sshAddr) Network() string  { return "ssh" }
func (a sshAddr) String() string { return string(a) }

// lastWords keeps the end of what a program said.
type lastWords struct {
	mu   sync.Mutex // guards text
	text []byte
}

// Write implements io.Writer.
func (l *lastWords) Write(b []byte) (int, error) {
	const most = 2048
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, b...)
	l.text = l.text[max(0, len(l.text)-most):]
	return len(b), nil
}

// String is the last line.
func (l *lastWords) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := bytes.TrimSpace(l.text)
	if i := bytes.LastIndexByte(text, '\n'); i >= 0 {
		text = bytes.TrimSpace(text[i+1:])
	}
	return string(text)
}
