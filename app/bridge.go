package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
)

const (
	requestTimeout = time.Minute
	// maxStreams is far more than the page has kinds; it only stops a page that leaks them.
	maxStreams = 64
)

// daemon is what the pipe needs of backend/client.
type daemon interface {
	Do(ctx context.Context, method, path, contentType string, body []byte) (status int, answer []byte, err error)
	Stream(ctx context.Context, path string) (io.ReadCloser, error)
	Dial(ctx context.Context, path string) (*client.Session, error)
}

// Response is the daemon's answer to one request.
type Response struct {
	Status int    `json:"status"`
	Body   string `json:"body"`
}

// Bridge is the pipe between the page and the daemon's socket. The page may call every exported method, so there are
// no others. The page calls Begin once, and waits for it. It subscribes to stream:<id> and stream-end:<id> before it calls Open: an event that nobody listens
// to is lost.
//
// stream:<id> carries an array of lines and the batch's number, from 0; the page acknowledges each such batch.
// stream-end:<id> carries the reason, "" when the daemon ended the stream in order, the HTTP status that refused it, or
// 0, and how many batches there were. It comes once, and not to a page that closed the stream itself. Wails promises no
// order (its development server hands each event to a goroutine), so the page puts them into theirs by the numbers.
type Bridge struct {
	connect func(context.Context) (daemon, error)
	emit    func(event string, data ...any)
	choose  func(name string) (path string, err error)
	log     *slog.Logger
	ctx     context.Context //nolint:containedctx // ends what is being saved; the page's calls bring none
	quit    context.CancelFunc

	dialing sync.Mutex // one at a time starts the daemon; the others find it running
	current daemon     // guarded by dialing

	mu      sync.Mutex
	streams map[string]*stream // guarded by mu
	closed  map[string]bool    // guarded by mu; ids that were closed before they were opened
}

// newBridge makes a pipe that reaches the daemon through connect, which starts it if need be, and the page through emit.
// choose asks the user where to save a file; "" says nowhere.
func newBridge(connect func(context.Context) (daemon, error), emit func(event string, data ...any),
	choose func(name string) (path string, err error), log *slog.Logger,
) *Bridge {
	ctx, quit := context.WithCancel(context.Background())
	return &Bridge{
		connect: connect, emit: emit, choose: choose, log: log, ctx: ctx, quit: quit,
		streams: map[string]*stream{}, closed: map[string]bool{},
	}
}

// Request carries one request to the daemon and its answer back.
func (b *Bridge) Request(method, target, contentType, body string) (Response, error) {
	if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, method) {
		return Response{}, fmt.Errorf("the page may not use the method %q", method)
	}
	if err := allow(target); err != nil {
		return Response{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	var res Response
	err := b.reach(ctx, func(d daemon) error {
		status, answer, err := d.Do(ctx, method, target, contentType, []byte(body))
		res = Response{Status: status, Body: string(answer)}
		return err
	})
	return res, err
}

// Begin ends the streams of the page that was here before: one that is loaded again, or whose process died, closes none.
// The page calls it first, and opens nothing before it has returned. It does not wait for their ends, since one of them
// may be waiting for a daemon that starts.
func (b *Bridge) Begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.closed)
	for _, s := range b.streams {
		s.cancel()
	}
}

// Open starts a stream of the lines that the daemon answers at target. It returns before the daemon was asked: what
// goes wrong later comes as the stream's end. Each stream has an id of its own.
func (b *Bridge) Open(id, target string) error {
	return b.open(id, target, func(ctx context.Context, d daemon, _ *stream) (io.ReadCloser, error) {
		return d.Stream(ctx, target)
	})
}

// source opens what a stream carries.
type source func(ctx context.Context, d daemon, s *stream) (io.ReadCloser, error)

func (b *Bridge) open(id, target string, from source) error {
	if id == "" {
		return errors.New("a stream needs an id")
	}
	if err := allow(target); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := newStream(id, cancel, b.emit)
	b.mu.Lock()
	closed := b.closed[id]
	delete(b.closed, id)
	err := b.admit(id)
	if err == nil && !closed {
		b.streams[id] = s
	}
	b.mu.Unlock()
	if err != nil || closed {
		cancel()
		return err
	}
	go b.follow(ctx, s, target, from)
	return nil
}

// admit says why one more stream cannot be; mu is held.
func (b *Bridge) admit(id string) error {
	switch {
	case b.streams[id] != nil:
		return fmt.Errorf("a stream %q is open", id)
	case len(b.streams) >= maxStreams:
		return fmt.Errorf("the page has %d streams open, which is too many", maxStreams)
	}
	return nil
}

// Ack says that the page is done with n more batches of the stream, which lets as many follow.
func (b *Bridge) Ack(id string, n int) {
	b.mu.Lock()
	s := b.streams[id]
	b.mu.Unlock()
	if s != nil {
		s.ack(n)
	}
}

// Close ends a stream. Nothing more comes of it. Wails may let a Close overtake the Open before it: that stream then
// never begins.
func (b *Bridge) Close(id string) {
	b.mu.Lock()
	s := b.streams[id]
	delete(b.streams, id)
	if s == nil {
		if len(b.closed) >= maxStreams {
			clear(b.closed) // they were closed after they ended; no Open is on its way
		}
		b.closed[id] = true
	}
	b.mu.Unlock()
	if s != nil {
		s.end()
	}
}

// shutdown ends all streams and what is being saved.
func (b *Bridge) shutdown() {
	b.quit()
	b.mu.Lock()
	all := b.streams
	b.streams = map[string]*stream{}
	b.mu.Unlock()
	for _, s := range all {
		s.end()
	}
}

// follow carries one stream until it ends.
func (b *Bridge) follow(ctx context.Context, s *stream, target string, from source) {
	defer close(s.done)
	defer s.cancel()
	var body io.ReadCloser
	err := b.reach(ctx, func(d daemon) error {
		var err error
		body, err = from(ctx, d, s)
		return err
	})
	if err == nil {
		err = s.carry(ctx, body)
	}

	b.mu.Lock()
	known := b.streams[s.id] == s
	if known {
		delete(b.streams, s.id)
	}
	b.mu.Unlock()
	if !known {
		return
	}
	reason, status := "", 0
	if err != nil {
		reason, status = err.Error(), statusOf(err)
	}
	b.log.Debug("Stream ended", "path", target, "reason", reason, "status", status)
	b.emit("stream-end:"+s.id, reason, status, s.sent)
}

// reach gives do the daemon. A daemon that went away since it was last reached is looked for, and started, once.
func (b *Bridge) reach(ctx context.Context, do func(daemon) error) error {
	d, err := b.dial(ctx, nil)
	if err != nil {
		return err
	}
	if err = do(d); !unreached(err) || ctx.Err() != nil {
		return err
	}
	if d, err = b.dial(ctx, d); err != nil {
		return err
	}
	return do(d)
}

// dial gives the current daemon unless it is the stale one.
func (b *Bridge) dial(ctx context.Context, stale daemon) (daemon, error) {
	b.dialing.Lock()
	defer b.dialing.Unlock()
	if b.current != nil && b.current != stale {
		return b.current, nil
	}
	d, err := b.connect(ctx)
	if err != nil {
		return nil, err
	}
	b.current = d
	return d, nil
}

// unreached tells a request that never left from one that may have been carried out, which must not be repeated.
func unreached(err error) bool {
	return errors.Is(err, client.ErrNotRunning)
}

// allow lets the page reach our own API groups and the version, and nothing that merely looks like them.
func allow(target string) error {
	refused := fmt.Errorf("the page may not reach %q", target)
	if !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") {
		return refused
	}
	u, err := url.ParseRequestURI(target)
	if err != nil || u.Host != "" || path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") {
		return refused
	}
	for _, group := range []string{v1alpha1.GroupName, containers.GroupName} {
		if strings.HasPrefix(u.Path, "/apis/"+group+"/") {
			return nil
		}
	}
	if u.Path == "/version" || u.Path == "/local/doctor" || u.Path == "/local/desktop" {
		return nil
	}
	return refused
}

// statusOf finds the HTTP status that the daemon refused with, or 0.
func statusOf(err error) int {
	var refusal apierrors.APIStatus
	if !errors.As(err, &refusal) {
		return 0
	}
	return int(refusal.Status().Code)
}
