package streams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/stream"
	"github.com/berth-desktop/berth/backend/engine"
)

const (
	// maxMessage is the most that a client may send at once.
	maxMessage = 256 << 10
	// writeDeadline bounds one write to a client that holds the connection and reads nothing: it is taken to be gone.
	writeDeadline = 5 * time.Minute
	// lastWords bounds the end of a session.
	lastWords = 5 * time.Second
	// resizeTries and resizeRetry say how long a process may take to begin before its terminal keeps the size it has.
	resizeTries = 100
	resizeRetry = 20 * time.Millisecond
	// nonZero is what Kubernetes calls a process that ended with a code other than 0, and exitCause where it stands.
	nonZero   = metav1.StatusReason("NonZeroExitCode")
	exitCause = metav1.CauseType("ExitCode")
)

var errNotRead = errors.New("the process does not read what is typed: there is no room for more")

// begin starts what a session is held with.
type begin func(ctx context.Context, e *engine.Client) (*engine.Session, error)

// Exec runs a command in a container and lets the client talk to it, by WebSocket.
func (s *Server) Exec(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	o := engine.ExecOptions{
		Command: q.Values["command"], Env: q.Values["env"], User: q.Get("user"), Folder: q.Get("workdir"),
		Stdin: q.flag("stdin", false), Stdout: q.flag("stdout", false), Stderr: q.flag("stderr", false), TTY: q.flag("tty", false), Privileged: q.flag("privileged", false),
		Width: uint(q.number("width", 0)), Height: uint(q.number("height", 0)),
	}
	if len(o.Command) == 0 {
		q.wrong("command", "", "a command")
	}
	if o.TTY {
		o.Stdout, o.Stderr = o.Stdout || o.Stderr, false // they are one
	}
	if o.Width > 1000 || o.Height > 1000 {
		o.Width, o.Height = min(o.Width, 1000), min(o.Height, 1000)
	}
	return s.session(w, r, c.Namespace, q, func(ctx context.Context, e *engine.Client) (*engine.Session, error) {
		return e.Exec(ctx, c.Name, o)
	}, (*engine.Session).HangUp)
}

// Attach lets the client talk to a container's own process, by WebSocket. One that does not run is waited for, or started:
// a container that removes itself takes with it why it could not be, so that only this answer can tell.
func (s *Server) Attach(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	o := engine.AttachOptions{Stdin: q.flag("stdin", false), Stdout: q.flag("stdout", true), Stderr: q.flag("stderr", true)}
	begins := q.flag("start", false)
	return s.session(w, r, c.Namespace, q, func(ctx context.Context, e *engine.Client) (*engine.Session, error) {
		process, err := e.Attach(ctx, c.Name, o)
		if err != nil || !begins {
			return process, err
		}
		if err := e.StartContainer(ctx, c.Name); err != nil {
			process.Close()
			return nil, err
		}
		return process, nil
	}, func(*engine.Session) bool { return false })
}

// session holds one until the process ends or the client goes.
func (s *Server) session(w http.ResponseWriter, r *http.Request, namespace string, q *asked, start begin, left func(*engine.Session) bool) error {
	window := q.number("window", 0)
	if q.err != nil {
		return q.err
	}
	if !websocket.IsWebSocketUpgrade(r) {
		return apierrors.NewBadRequest("this is a session: ask for it by WebSocket, with the protocol " + stream.ProtocolV5)
	}
	upgrader := websocket.Upgrader{
		Subprotocols: []string{stream.ProtocolV5, stream.ProtocolV4},
		// A reader of its own: that of net/http ends the request's context with the client, and with it the connection to
		// the engine, on which what runs there is yet to be hung up on.
		ReadBufferSize: 4 << 10,
		// Where the request comes from was looked at by the door that it came through.
		CheckOrigin: func(*http.Request) bool { return true },
	}
	conn, err := upgrader.Upgrade(unwrapped(w), r, nil)
	if err != nil {
		s.cfg.Log.Debug("A session did not begin", "error", err)
		return nil // the upgrader has answered
	}
	ctx, cancel := context.WithCancel(r.Context())
	t := &talk{conn: conn, input: newInput(), gone: make(chan struct{}), heard: make(chan struct{}), rung: make(chan struct{}), over: make(chan struct{}), size: make(chan stream.Size, 1), window: newWindow(window)}
	var running sync.WaitGroup
	defer running.Wait()
	defer func() { _ = conn.Close() }()
	defer cancel()
	// From here on a refusal is told in the session: a browser shows its page none from before.
	e, err := s.engine(ctx, namespace)
	if err != nil {
		return t.end(ctx, 0, err)
	}
	process, err := start(ctx, e)
	if err != nil {
		return t.end(ctx, 0, refusal(err))
	}
	defer process.Close()
	output, quit := context.WithCancel(ctx)
	running.Go(func() { t.listen(ctx, process, left, quit) })
	running.Go(func() { t.feed(ctx, process) })
	running.Go(func() { t.measure(output, process) })
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()

	// As in Kubernetes, an empty message says that the session has begun.
	if err := t.send(stream.ChannelStdout, nil, lastWords); err != nil {
		quit()
	}
	code, err := t.follow(output, process)
	select {
	case <-t.gone:
		return nil
	default:
	}
	if failed := t.failed(); failed != nil {
		err = failed
	}
	return t.end(ctx, code, err)
}

// unwrapped is the server's own writer: only that one can give its connection away.
func unwrapped(w http.ResponseWriter) http.ResponseWriter {
	for {
		if _, ok := w.(http.Hijacker); ok {
			return w
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = u.Unwrap()
	}
}

// talk is the client's side of a session.
type talk struct {
	conn   *websocket.Conn
	input  *input           // what the client typed and the process has not read
	gone   chan struct{}    // closed when the client is
	heard  chan struct{}    // closed when nothing more of the client's is heard
	rung   chan struct{}    // closed when the process was hung up on: nobody takes what it still says
	over   chan struct{}    // closed when the output is
	size   chan stream.Size // the latest that the process has not been told
	window *window
	parted bool // the client goes and wants the process to go on; only listen uses it

	mu  sync.Mutex
	err error // why the session must end
}

func (t *talk) fail(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
}

func (t *talk) failed() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *talk) send(channel byte, text []byte, within time.Duration) error {
	if err := t.conn.SetWriteDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	w, err := t.conn.NextWriter(websocket.BinaryMessage)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte{channel}); err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.Close()
}

// end tells how the session ended.
func (t *talk) end(ctx context.Context, code int, err error) error {
	said, failed := json.Marshal(outcome(code, err))
	if failed != nil || ctx.Err() != nil {
		return failed
	}
	_ = t.send(stream.ChannelStatus, said, lastWords) // the client may have gone first
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = t.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(lastWords))
	return nil
}

func outcome(code int, err error) metav1.Status {
	s := metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess}
	var refused apierrors.APIStatus
	switch {
	case errors.As(err, &refused):
		refusal := refused.Status()
		refusal.TypeMeta = s.TypeMeta
		return refusal
	case err != nil:
		s.Status, s.Reason, s.Message, s.Code = metav1.StatusFailure, metav1.StatusReasonInternalError, err.Error(), http.StatusInternalServerError
	case code != 0:
		s.Status, s.Reason, s.Message = metav1.StatusFailure, nonZero, fmt.Sprintf("command terminated with exit code %d", code)
		s.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: exitCause, Message: strconv.Itoa(code)}}}
	}
	return s
}

// listen takes what the client sends, until it goes. quit ends the output.
func (t *talk) listen(ctx context.Context, process *engine.Session, left func(*engine.Session) bool, quit context.CancelFunc) {
	defer process.Close()
	defer quit()
	t.conn.SetReadLimit(maxMessage)
	for {
		_, message, err := t.conn.ReadMessage()
		if err != nil {
			hungUp := !t.parted && left(process)
			if hungUp {
				close(t.rung)
			}
			close(t.gone)
			close(t.heard)
			quit()
			if hungUp {
				t.outlast(ctx)
			}
			return
		}
		if len(message) == 0 {
			continue
		}
		if err := t.heed(ctx, message[0], message[1:]); err != nil {
			t.fail(err)
			close(t.heard)
			return
		}
	}
}

func (t *talk) heed(ctx context.Context, channel byte, text []byte) error {
	switch channel {
	case stream.ChannelStdin:
		return t.typed(ctx, text)
	case stream.ChannelClose:
		if len(text) == 1 && text[0] == stream.ChannelStdin {
			t.input.end()
		}
		if len(text) == 1 && text[0] == stream.ChannelStdout {
			t.parted = true
		}
	case stream.ChannelResize:
		var size stream.Size
		if json.Unmarshal(text, &size) == nil && size.Width > 0 && size.Height > 0 {
			t.resize(size)
		}
	case stream.ChannelRead:
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			t.window.give(n)
		}
	}
	return nil
}

// typed queues input. With a window the client may be waiting for us to take its word on channel 5, so nothing waits here.
func (t *talk) typed(ctx context.Context, text []byte) error {
	for !t.input.put(text) {
		if t.window != nil {
			return errNotRead
		}
		select {
		case <-t.input.room:
		case <-t.gone:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

// resize notes a size in the place of one that the process has not been told. Only listen calls it.
func (t *talk) resize(size stream.Size) {
	select {
	case <-t.size:
	default:
	}
	t.size <- size
}

// measure tells the process each size of its terminal, until ctx ends. An engine refuses while the process begins, and
// after it has ended.
func (t *talk) measure(ctx context.Context, process *engine.Session) {
	retry := time.NewTicker(resizeRetry)
	defer retry.Stop()
	for {
		var size stream.Size
		select {
		case size = <-t.size:
		case <-ctx.Done():
			return
		}
		for range resizeTries {
			if process.Resize(ctx, uint(size.Width), uint(size.Height)) == nil || len(t.size) > 0 {
				break
			}
			select {
			case <-retry.C:
			case <-ctx.Done():
				return
			}
		}
	}
}

// feed gives the process its input, as fast as it reads.
func (t *talk) feed(ctx context.Context, process *engine.Session) {
	for {
		select {
		case <-t.input.more:
			text, over := t.input.take()
			if _, err := process.Write(text); err != nil {
				return // it has ended: the output says how
			}
			if over {
				_ = process.CloseWrite() // it may have ended
				return
			}
		case <-t.gone:
			return
		case <-ctx.Done():
			return
		}
	}
}
