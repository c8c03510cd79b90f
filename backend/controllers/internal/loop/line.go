package loop

import (
	"context"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Line is a feed that somebody else fills: one watch can so feed two loops.
type Line struct {
	wake chan struct{} // holds one

	mu   sync.Mutex // guards reqs
	reqs []reconcile.Request
}

// NewLine makes an empty one.
func NewLine() *Line { return &Line{wake: make(chan struct{}, 1)} }

// Add is an Add. It does not block.
func (l *Line) Add(req reconcile.Request) {
	l.mu.Lock()
	l.reqs = append(l.reqs, req)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Feed is a Feed.
func (l *Line) Feed(ctx context.Context, add Add) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		l.mu.Lock()
		reqs := l.reqs
		l.reqs = nil
		l.mu.Unlock()
		for _, req := range reqs {
			add(req)
		}
	}
}
