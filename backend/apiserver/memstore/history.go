package memstore

import (
	"sort"
	"time"
)

const (
	// leastHistory is how many events are kept however few objects there are.
	leastHistory = 1024
	// warmEvents is how many of the newest events keep their encoded forms. Watches that are not stuck are all
	// within it; the bytes of thousands of older events would weigh more than the objects.
	warmEvents = 256
)

// history is the newest events of a Store, oldest first. Its length follows the number of objects: the first sync of
// thousands of objects, or their removal, is a burst of a few events for each, and a watch that is some way behind in
// it must still find its place. It is guarded by the Store's lock.
type history struct {
	events []*event
	least  int
	// peak is the largest number of objects at any moment that the history covers: while thousands are being
	// removed, the history must not shrink as fast as they go.
	peak int
	// compacted is the oldest version of which the state can still be told; watches cannot start before it.
	compacted uint64
	// forgotten is the version of the newest event that was let go. A running watch is lost only when it has not
	// seen that one: versions in between may have been used up by other kinds.
	forgotten uint64
	trimmed   bool // something was let go since the start
}

// limit is how many events are kept at least.
func (h *history) limit() int { return max(h.least, 2*h.peak) }

// add appends the newest event and lets go of the oldest, many at a time so that it costs next to nothing.
func (h *history) add(e *event) {
	h.events = append(h.events, e)
	h.peak = max(h.peak, e.count)
	if i := len(h.events) - 1 - warmEvents; i >= 0 {
		h.events[i].cool()
	}
	if limit := h.limit(); len(h.events) >= limit+limit/4 {
		h.drop(len(h.events) - limit)
	}
}

// drop lets go of the n oldest events.
func (h *history) drop(n int) {
	if n <= 0 {
		return
	}
	h.forgotten = h.events[n-1].rv
	h.compacted = max(h.compacted, h.forgotten)
	h.trimmed = true
	// The count before the first event that stays belongs to the time that is still covered.
	h.peak = h.events[n-1].count
	for _, e := range h.events[n:] {
		h.peak = max(h.peak, e.count)
	}
	kept := copy(h.events, h.events[n:])
	clear(h.events[kept:])
	h.events = h.events[:kept]
	if cap(h.events) > 4*h.limit() {
		h.events = append(make([]*event, 0, h.limit()), h.events...)
	}
}

// dropOlder lets go of what happened before t, but never of the newest events that are always kept.
func (h *history) dropOlder(t time.Time) {
	n := sort.Search(len(h.events), func(i int) bool { return !h.events[i].at.Before(t) })
	h.drop(min(n, h.surplus()))
}

// surplus is how many events are kept only because there were many objects.
func (h *history) surplus() int { return max(0, len(h.events)-h.least) }

// compact lets go of everything up to version rv.
func (h *history) compact(rv uint64) {
	h.drop(h.after(rv))
	h.compacted, h.trimmed = max(h.compacted, rv), true
}

// after is the index of the first event newer than rv.
func (h *history) after(rv uint64) int {
	return sort.Search(len(h.events), func(i int) bool { return h.events[i].rv > rv })
}

// since is the oldest events newer than rv, at most n of them, appended to buf. The caller may keep them beyond the lock.
func (h *history) since(rv uint64, n int, buf []*event) []*event {
	i := h.after(rv)
	return append(buf, h.events[i:min(i+n, len(h.events))]...)
}
