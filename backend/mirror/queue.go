package mirror

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/berth-desktop/berth/backend/engine"
)

// lane says how urgent a dirty key is.
type lane int

const (
	live  lane = iota // something happened to it
	later             // it is to be looked at when nothing else is to be done
	lanes
)

// most is the size of a batch. All of a batch is read at once, so it is small.
const most = 16

// queue holds the dirty keys of one kind, each once. A key that is being read is not given to a second reader; if it
// becomes dirty meanwhile it is given out again afterwards.
//
// Batches of live keys leave at least a window apart, so that a burst about one thing is one read; the first key
// after quiet leaves at once.
type queue struct {
	window time.Duration
	wake   [lanes]chan struct{}

	mu    sync.Mutex // guards below
	order [lanes][]engine.Key
	dirty map[engine.Key]lane
	busy  map[engine.Key]bool
	last  time.Time // when the last live batch left
}

func newQueue(window time.Duration) *queue {
	q := &queue{window: window, dirty: map[engine.Key]lane{}, busy: map[engine.Key]bool{}}
	for l := range q.wake {
		q.wake[l] = make(chan struct{}, 1)
	}
	return q
}

// add marks keys dirty. It never blocks.
func (q *queue) add(l lane, keys ...engine.Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, k := range keys {
		if had, ok := q.dirty[k]; ok && had <= l {
			continue
		}
		q.dirty[k] = l
		if !q.busy[k] {
			q.order[l] = append(q.order[l], k)
		}
	}
	q.signal(l)
}

// next waits for dirty keys of a lane and takes a batch of them. The caller says done for each.
func (q *queue) next(ctx context.Context, l lane) ([]engine.Key, error) {
	for {
		batch, wait := q.take(l)
		switch {
		case len(batch) > 0:
			return batch, nil
		case wait > 0:
			if !sleep(ctx, wait) {
				return nil, ctx.Err()
			}
		default:
			select {
			case <-q.wake[l]:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
}

// take gives a batch, or how long there is to wait for one, or neither.
func (q *queue) take(l lane) ([]engine.Key, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	// A key that was first put off and then became urgent stands in both lanes.
	q.order[l] = slices.DeleteFunc(q.order[l], func(k engine.Key) bool {
		at, ok := q.dirty[k]
		return !ok || at != l
	})
	if len(q.order[l]) == 0 {
		return nil, 0
	}
	if l == live {
		now := time.Now()
		if wait := q.window - now.Sub(q.last); wait > 0 {
			return nil, wait
		}
		q.last = now
	}
	n := min(most, len(q.order[l]))
	batch := slices.Clone(q.order[l][:n])
	q.order[l] = q.order[l][n:]
	for _, k := range batch {
		delete(q.dirty, k)
		q.busy[k] = true
	}
	q.signal(l)
	return batch, 0
}

// done says that keys have been read.
func (q *queue) done(keys ...engine.Key) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, k := range keys {
		delete(q.busy, k)
		if l, ok := q.dirty[k]; ok {
			q.order[l] = append(q.order[l], k)
			q.signal(l)
		}
	}
}

// pending is how many keys are dirty or being read.
func (q *queue) pending() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.dirty) + len(q.busy)
}

// signal wakes one reader; mu is held.
func (q *queue) signal(l lane) {
	if len(q.order[l]) == 0 {
		return
	}
	select {
	case q.wake[l] <- struct{}{}:
	default:
	}
}
