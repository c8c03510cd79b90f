package memstore

import "sync"

// audience is the watches of a Store. Its lock is taken within the Store's, never around it.
type audience struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
	closed   bool
}

func (a *audience) add(w *watcher) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		w.cancel()
	}
	if a.watchers == nil {
		a.watchers = map[*watcher]struct{}{}
	}
	a.watchers[w] = struct{}{}
}

func (a *audience) remove(w *watcher) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.watchers, w)
}

func (a *audience) size() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.watchers)
}

// wake tells all watches that there may be something new. It waits for none of them.
func (a *audience) wake() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for w := range a.watchers {
		w.wake()
	}
}

func (a *audience) askProgress() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for w := range a.watchers {
		w.asked.Store(true)
		w.wake()
	}
}

// close ends all watches, those that come later too.
func (a *audience) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for w := range a.watchers {
		w.cancel()
	}
}
