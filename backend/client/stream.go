package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/stream"
)

// Ask opens what the daemon has to say of an object besides the object: its log, its files. backend/streams says what
// there is. The caller closes it.
func (r *Resource[T, P]) Ask(ctx context.Context, name, subresource string, query url.Values) (io.ReadCloser, error) {
	return r.client.Stream(ctx, r.object(name)+"/"+subresource+"?"+query.Encode())
}

// Tell has the daemon do something with an object, by a subresource, and returns once that is done. What is in body, which
// is not nil, goes with it, as fast as it is taken.
func (r *Resource[T, P]) Tell(ctx context.Context, method, name, subresource string, query url.Values, body io.Reader) error {
	path := r.object(name) + "/" + subresource
	res, err := r.client.send(ctx, method, path+"?"+query.Encode(), "application/octet-stream", body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return nil
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("read the daemon's answer to %s %s: %w", method, path, err)
	}
	return refusal(res.StatusCode, answer)
}

// Talk opens a session with what runs in an object: exec or attach. The caller closes it.
func (r *Resource[T, P]) Talk(ctx context.Context, name, subresource string, query url.Values) (*Session, error) {
	return r.client.Dial(ctx, r.object(name)+"/"+subresource+"?"+query.Encode())
}

// Session is talk by WebSocket: messages that begin with a channel of backend/api/stream. One goroutine may read and any
// write.
type Session struct {
	conn    *websocket.Conn
	writing sync.Mutex
}

// sessionWrite bounds one write to a daemon that holds the connection and reads nothing.
const sessionWrite = time.Minute

// Dial opens the session that the daemon has at path.
func (c *Client) Dial(ctx context.Context, path string) (*Session, error) {
	transport, ok := c.http.Transport.(*http.Transport)
	if !ok {
		return nil, errors.New("a client without a transport cannot hold a session")
	}
	dialer := websocket.Dialer{NetDialContext: transport.DialContext, Subprotocols: []string{stream.ProtocolV5}}
	conn, res, err := dialer.DialContext(ctx, "ws://berth"+path, http.Header{"User-Agent": {"berth"}})
	if res != nil {
		defer res.Body.Close()
	}
	switch {
	case errors.Is(err, websocket.ErrBadHandshake) && res != nil:
		answer, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // what there is of it says enough
		return nil, refusal(res.StatusCode, answer)
	case err != nil:
		return nil, unreachable(err)
	}
	return &Session{conn: conn}, nil
}

// Read gives the next message. It returns io.EOF after the daemon has ended the session in order.
func (s *Session) Read() ([]byte, error) {
	for {
		_, message, err := s.conn.ReadMessage()
		if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			return nil, io.EOF
		}
		if err != nil {
			return nil, fmt.Errorf("the session broke: %w", err)
		}
		if len(message) > 0 {
			return message, nil
		}
	}
}

// Write sends a message.
func (s *Session) Write(message []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.conn.SetWriteDeadline(time.Now().Add(sessionWrite)); err != nil {
		return err
	}
	return s.conn.WriteMessage(websocket.BinaryMessage, message)
}

// Send sends text on a channel.
func (s *Session) Send(channel byte, text []byte) error {
	return s.Write(append([]byte{channel}, text...))
}

// Resize tells the terminal its size.
func (s *Session) Resize(size stream.Size) error {
	text, err := json.Marshal(size)
	if err != nil {
		return err
	}
	return s.Send(stream.ChannelResize, text)
}

// Close ends the session. A Read under way returns.
func (s *Session) Close() { _ = s.conn.Close() } // there is nothing left to be said

// Outcome is how a session ended: the process's exit code, or why there was none.
func Outcome(status []byte) (code int, err error) {
	var s metav1.Status
	if err := json.Unmarshal(status, &s); err != nil {
		return 0, fmt.Errorf("decode how a session ended: %w", err)
	}
	if s.Status == metav1.StatusSuccess {
		return 0, nil
	}
	if s.Details != nil {
		for _, cause := range s.Details.Causes {
			if code, err := strconv.Atoi(cause.Message); cause.Type == "ExitCode" && err == nil {
				return code, nil
			}
		}
	}
	return 0, &apierrors.StatusError{ErrStatus: s}
}
