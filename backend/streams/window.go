package streams

import (
	"context"
	"sync"
)

// window is how much output may be under way to a client that says how much of it it has read. A nil one is boundless.
type window struct {
	size int64
	room chan struct{} // says that there may be room again

	mu   sync.Mutex
	left int64
}

func newWindow(size int64) *window {
	if size == 0 {
		return nil
	}
	return &window{size: size, left: size, room: make(chan struct{}, 1)}
}

// take waits for room, and takes more than that for a text that is longer.
func (w *window) take(ctx context.Context, n int) error {
	for w != nil && !w.fits(int64(n)) {
		select {
		case <-w.room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *window) fits(n int64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left <= 0 {
		return false
	}
	w.left -= n
	return true
}

func (w *window) give(n int64) {
	if w == nil || n <= 0 {
		return
	}
	w.mu.Lock()
	w.left = min(w.left+n, w.size)
	w.mu.Unlock()
	select {
	case w.room <- struct{}{}:
	default:
	}
}
