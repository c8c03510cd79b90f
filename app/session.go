package app

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/berth-desktop/berth/backend/client"
)

// Dial opens a session with what runs in a container, at an exec or attach address: the page has no WebSocket here. It is
// a stream like any other, to be acknowledged and closed, whose lines are messages in base64, each beginning with its
// channel (backend/api/stream). Send sends.
func (b *Bridge) Dial(id, target string) error {
	return b.open(id, target, func(ctx context.Context, d daemon, s *stream) (io.ReadCloser, error) {
		session, err := d.Dial(ctx, target)
		if err != nil {
			return nil, err
		}
		s.talk <- session
		return &messages{session: session}, nil
	})
}

// Send sends a message, in base64, in a session that was dialled; it waits until that has begun. Wails may let one call
// overtake another: what is to be in order must be sent one after the other.
func (b *Bridge) Send(id, message string) error {
	raw, err := base64.StdEncoding.DecodeString(message)
	if err != nil {
		return fmt.Errorf("a message must be base64: %w", err)
	}
	b.mu.Lock()
	s := b.streams[id]
	b.mu.Unlock()
	if s == nil {
		return errors.New("the session has ended")
	}
	select {
	case session := <-s.talk:
		s.talk <- session // for the next
		return session.Write(raw)
	case <-s.done:
		return errors.New("the session has ended")
	}
}

// messages is a session as lines.
type messages struct {
	session *client.Session
	rest    []byte
}

// Read implements io.Reader.
func (m *messages) Read(p []byte) (int, error) {
	if len(m.rest) == 0 {
		message, err := m.session.Read()
		if err != nil {
			return 0, err
		}
		m.rest = append(base64.StdEncoding.AppendEncode(m.rest[:0], message), '\n')
	}
	n := copy(p, m.rest)
	m.rest = m.rest[n:]
	return n, nil
}

// Close implements io.Closer.
func (m *messages) Close() error {
	m.session.Close()
	return nil
}
