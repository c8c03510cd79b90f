package request

import (
	"sync"
	"time"
)

// teller hands on the last of what it is told, at most once a beat, so that who does the work does not wait for it.
type teller[P any] struct {
	fresh chan struct{} // holds one

	mu   sync.Mutex // guards last
	last func(P)
}

func (t *teller[P]) tell(change func(P)) {
	t.mu.Lock()
	t.last = change
	t.mu.Unlock()
	select {
	case t.fresh <- struct{}{}:
	default: // it will look anyway
	}
}

// run hands on until quiet is closed. What is not handed on by then is not needed: the outcome follows.
func (t *teller[P]) run(quiet <-chan struct{}, hand func(func(P))) {
	for {
		select {
		case <-quiet:
			return
		case <-t.fresh:
		}
		t.mu.Lock()
		change := t.last
		t.mu.Unlock()
		hand(change)
		select {
		case <-quiet:
			return
		case <-time.After(beat):
		}
	}
}
