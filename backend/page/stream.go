package page

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A browser lends a server six connections for all its tabs together, and a watch keeps one for as long as it lasts: a
// second tab would wait for the first for ever. WebSockets are not counted among them, so that all that streams comes
// through one each:
//
//	GET /stream?path=/apis/…   the answer to a GET of that path
//
// The daemon sends the answer's bytes in binary messages, and takes a text message of any content for the leave to send
// one more: what the page has not got through waits in the daemon, and not in the page's memory. At the end comes one
// text message, a verdict; without it the stream broke.
const (
	// streamAhead is how many messages may be on their way before the page has asked for more.
	streamAhead = 16
	// streamMessage ends a message early that nobody flushed.
	streamMessage = 64 << 10
	// streamStalled is how long a page may leave that many unread before it is taken to be gone.
	streamStalled = time.Minute
	// streamWrite bounds one write to a browser that holds the connection and reads nothing.
	streamWrite = 10 * time.Second
)

// verdict is how a stream ended: the status is that of the answer, and the body what a refusal said.
type verdict struct {
	Status int    `json:"status"`
	Body   string `json:"body,omitempty"`
}

var errNotRead = errors.New("the page stopped reading")

// stream answers GET /stream. The guard has checked Host and Origin. The session is checked behind the handshake, because
// a page cannot see why one is refused.
func (s *Server) stream(origin, cookie string) http.Handler {
	upgrader := websocket.Upgrader{
		HandshakeTimeout: readHeaderTimeout,
		// A browser always says where a handshake comes from, so that whoever does not is no page.
		CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") == origin },
		Error:       func(w http.ResponseWriter, _ *http.Request, _ int, _ error) { refuseStranger(w) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.streams.Add(1)
		defer s.streams.Done()
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // the upgrader has answered
		}
		defer func() { _ = conn.Close() }()
		if err := s.carry(conn, r, cookie); err != nil {
			s.cfg.Log.Debug("A stream to the page broke", "error", err)
		}
	})
}

// carry sends what the API answers, until that ends or the page goes.
func (s *Server) carry(conn *websocket.Conn, r *http.Request, cookie string) error {
	ctx, cancel := context.WithCancel(r.Context())
	f := &frames{ctx: ctx, conn: conn, header: http.Header{}, room: make(chan struct{}, streamAhead)}
	var reading sync.WaitGroup
	reading.Go(func() { defer cancel(); f.listen() })
	defer func() { cancel(); _ = conn.Close(); reading.Wait() }()

	inner, err := http.NewRequestWithContext(ctx, http.MethodGet, r.URL.Query().Get("path"), http.NoBody)
	if err != nil {
		return f.end(verdict{http.StatusBadRequest, "A stream needs a path."})
	}
	// The handshake is over: what is asked of the API is a plain question of whoever has the cookie.
	inner.Header = http.Header{"Accept": {"application/json"}, "Cookie": r.Header.Values("Cookie")}
	inner.Host, inner.RemoteAddr = r.Host, r.RemoteAddr
	s.let(cookie).ServeHTTP(f, inner)
	if f.status >= http.StatusBadRequest {
		return f.end(verdict{f.status, f.refusal.String()})
	}
	f.Flush()
	return f.end(verdict{Status: http.StatusOK})
}

// frames is the http.ResponseWriter of a streamed answer. One goroutine writes; listen is another's.
type frames struct {
	ctx    context.Context //nolint:containedctx // an http.ResponseWriter's methods take none; it lives as long as the request
	conn   *websocket.Conn
	room   chan struct{} // holds one for each message that the page has not got through
	header http.Header

	status  int
	buffer  []byte
	refusal bytes.Buffer
	broken  error // what made the first message fail; none is sent after it
}

// listen takes the page's leave to send more, until the page goes.
func (f *frames) listen() {
	f.conn.SetReadLimit(1 << 10)
	for {
		if _, _, err := f.conn.NextReader(); err != nil {
			return
		}
		select {
		case <-f.room:
		default: // more than was sent: it gains nothing by that
		}
	}
}

// Header is not sent: the page needs none of it.
func (f *frames) Header() http.Header { return f.header }

// WriteHeader notes the status of the answer, the first time.
func (f *frames) WriteHeader(status int) {
	if f.status == 0 && status >= http.StatusOK {
		f.status = status
	}
}

// Write collects bytes into messages. It waits while the page has too many unread.
func (f *frames) Write(b []byte) (int, error) {
	f.WriteHeader(http.StatusOK)
	if f.status >= http.StatusBadRequest {
		if f.refusal.Len() < maxBody {
			f.refusal.Write(b)
		}
		return len(b), nil
	}
	f.buffer = append(f.buffer, b...)
	if len(f.buffer) >= streamMessage {
		f.Flush()
	}
	return len(b), f.broken
}

// Flush sends what was written so far.
func (f *frames) Flush() {
	if len(f.buffer) == 0 || f.broken != nil {
		return
	}
	if f.broken = f.wait(); f.broken == nil {
		f.broken = f.send(websocket.BinaryMessage, f.buffer)
	}
	f.buffer = f.buffer[:0]
}

// CloseNotify is what the API server takes an answer that can be streamed by.
func (f *frames) CloseNotify() <-chan bool {
	gone := make(chan bool, 1)
	context.AfterFunc(f.ctx, func() { gone <- true })
	return gone
}

func (f *frames) wait() error {
	timeout := time.NewTimer(streamStalled)
	defer timeout.Stop()
	select {
	case f.room <- struct{}{}:
		return nil
	case <-timeout.C:
		return errNotRead
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

func (f *frames) send(kind int, message []byte) error {
	if err := f.conn.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	return f.conn.WriteMessage(kind, message)
}

// end tells the page that no more comes, unless it is gone already.
func (f *frames) end(v verdict) error {
	if f.broken != nil {
		return f.broken
	}
	select {
	case <-f.ctx.Done():
		return nil
	default:
	}
	if err := f.conn.SetWriteDeadline(time.Now().Add(streamWrite)); err != nil {
		return err
	}
	if err := f.conn.WriteJSON(v); err != nil {
		return err
	}
	return f.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Now().Add(streamWrite))
}
