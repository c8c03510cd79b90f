package mirrored

import (
	"context"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
)

// Waiting remembers what cannot be carried out yet, and puts it in line again when something has changed that it may
// have waited for. It is what makes the end of a container cost what waits for one, and not a look at each object.
type Waiting struct {
	wake chan struct{} // holds one

	mu   sync.Mutex // guards reqs
	reqs map[reconcile.Request]struct{}
}

// NewWaiting makes one that nothing waits in.
func NewWaiting() *Waiting {
	return &Waiting{wake: make(chan struct{}, 1), reqs: map[reconcile.Request]struct{}{}}
}

// Add remembers req. To miss no change, it is called before the attempt, and Remove after one that came to an end.
func (w *Waiting) Add(req reconcile.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reqs[req] = struct{}{}
}

// Remove forgets req.
func (w *Waiting) Remove(req reconcile.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.reqs, req)
}

// Retry has all that waits tried again. It does not block.
func (w *Waiting) Retry() {
	select {
	case w.wake <- struct{}{}:
	default: // it will be woken anyway
	}
}

// Feed is the loop.Feed that puts things in line again.
func (w *Waiting) Feed(ctx context.Context, add loop.Add) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		for _, req := range w.all() {
			add(req)
		}
	}
}

func (w *Waiting) all() []reconcile.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	reqs := make([]reconcile.Request, 0, len(w.reqs))
	for req := range w.reqs {
		reqs = append(reqs, req)
	}
	return reqs
}
