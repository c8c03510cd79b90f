package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/berth-desktop/berth/backend/client"
)

const (
	// frame is how often the page hears of a stream at most: it paints no faster.
	frame = 16 * time.Millisecond
	// batchBytes ends a batch early. A full batch does not wait for the frame.
	batchBytes = 256 << 10
	// inFlight is how many batches may be on their way before the page has acknowledged one. What comes then waits in
	// the socket, and so in the daemon, which drops a watcher that is too slow.
	inFlight = 8
	// maxLine bounds what one line can make us hold.
	maxLine = 8 << 20
	// stalled is how long a page may leave that many unread before it is taken to be gone.
	stalled = time.Minute
)

var (
	errStalled = errors.New("the page stopped reading")
	errLine    = fmt.Errorf("the daemon sent a line of more than %d MiB", maxLine>>20)
)

// stream is one open stream of the page.
type stream struct {
	id     string
	emit   func(event string, data ...any)
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing more will be emitted

	talk chan *client.Session // holds the session, once a stream that is one has begun

	sent   int           // batches; only carry writes it
	unread chan struct{} // holds one for each batch that the page has not acknowledged
	lines  mailbox
}

func newStream(id string, cancel context.CancelFunc, emit func(event string, data ...any)) *stream {
	return &stream{
		id: id, emit: emit, cancel: cancel,
		done:   make(chan struct{}),
		talk:   make(chan *client.Session, 1),
		unread: make(chan struct{}, inFlight),
		lines:  mailbox{changed: make(chan struct{}, 1), taken: make(chan struct{}, 1)},
	}
}

func (s *stream) ack(n int) {
	for range min(n, inFlight) {
		select {
		case <-s.unread:
		default:
			return
		}
	}
}

// end returns once nothing more will be emitted.
func (s *stream) end() {
	s.cancel()
	<-s.done
}

// carry emits what body says, line by line, until it ends. It closes body. It returns nil when body ended in order.
func (s *stream) carry(ctx context.Context, body io.ReadCloser) error {
	read := make(chan struct{})
	go func() {
		defer close(read)
		s.lines.end(s.read(ctx, body))
	}()
	defer func() {
		s.cancel()
		_ = body.Close() // what we were told is told; closing can only fail to tell more
		<-read
	}()

	for next := time.Now(); ; next = time.Now().Add(frame) {
		if err := s.lines.wait(ctx, next); err != nil {
			return ended(err)
		}
		if err := s.room(ctx); err != nil {
			return err
		}
		s.emit("stream:"+s.id, s.lines.take(), s.sent)
		s.sent++
	}
}

// ended makes the end in order no error.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// room waits until the page may be sent one more batch.
func (s *stream) room(ctx context.Context) error {
	timeout := time.NewTimer(stalled)
	defer timeout.Stop()
	select {
	case s.unread <- struct{}{}:
		return nil
	case <-timeout.C:
		return errStalled
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stream) read(ctx context.Context, body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for lines.Scan() {
		if err := s.lines.put(ctx, lines.Text()); err != nil {
			return err
		}
	}
	err := lines.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return errLine
	case err != nil:
		return fmt.Errorf("the stream from the daemon broke: %w", err)
	}
	return io.EOF
}

// mailbox holds the lines that were read and not yet emitted, about batchBytes at most. One goroutine puts, one takes.
type mailbox struct {
	changed chan struct{} // tells the taker to look again
	taken   chan struct{} // tells the putter that there is room

	mu    sync.Mutex
	lines []string
	size  int
	over  error // why nothing more will come
}

// put waits for room.
func (m *mailbox) put(ctx context.Context, line string) error {
	for !m.add(line) {
		select {
		case <-m.taken:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (m *mailbox) add(line string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.size >= batchBytes {
		return false
	}
	m.lines = append(m.lines, line)
	m.size += len(line) + 1
	signal(m.changed)
	return true
}

func (m *mailbox) end(why error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.over = why
	signal(m.changed)
}

// wait returns nil once there are lines to take: when the mailbox is full or will get no more, or at the time due. It
// returns why there are none and never will be.
func (m *mailbox) wait(ctx context.Context, due time.Time) error {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	late := false
	for {
		some, urgent, over := m.look()
		switch {
		case some && (urgent || late):
			return nil
		case !some && over != nil:
			return over
		}
		select {
		case <-m.changed:
		case <-timer.C:
			late = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (m *mailbox) look() (some, urgent bool, over error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.lines) > 0, m.size >= batchBytes || m.over != nil, m.over
}

func (m *mailbox) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	lines := m.lines
	m.lines, m.size = nil, 0
	signal(m.taken)
	return lines
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
