package memstore

import (
	"testing"
	"time"

	"k8s.io/apiserver/pkg/apis/example"
)

// grow adds n events; the count of objects goes up by step with each.
func grow(h *history, n, step int) {
	for range n {
		var rv uint64
		var count int
		if len(h.events) > 0 {
			last := h.events[len(h.events)-1]
			rv, count = last.rv, last.count
		}
		e := &entry{key: "k", rv: rv + 1, obj: &example.Pod{}}
		h.add(&event{rv: rv + 1, at: time.Unix(int64(rv+1), 0), count: count + step, cur: e, present: &shared{obj: e.obj}})
	}
}

func TestHistoryLengthFollowsTheObjects(t *testing.T) {
	tests := []struct {
		name            string
		made, updated   int
		removed         int
		atLeast, atMost int
	}{
		{name: "few objects", made: 10, updated: 10000, atLeast: 1024, atMost: 1280},
		{name: "first sync", made: 5000, atLeast: 5000, atMost: 5000},
		{name: "many objects", made: 5000, updated: 50000, atLeast: 10000, atMost: 12500},
		{name: "all removed", made: 5000, updated: 50000, removed: 5000, atLeast: 10000, atMost: 12500},
		{name: "long after", made: 5000, removed: 5000, updated: 100000, atLeast: 1024, atMost: 1280},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &history{least: leastHistory}
			grow(h, tt.made, 1)
			if tt.name == "long after" {
				grow(h, tt.removed, -1)
				grow(h, tt.updated, 0)
			} else {
				grow(h, tt.updated, 0)
				grow(h, tt.removed, -1)
			}
			if n := len(h.events); n < tt.atLeast || n > tt.atMost {
				t.Errorf("%d events are kept, want %d to %d", n, tt.atLeast, tt.atMost)
			}
			if first := h.events[0].rv; h.forgotten != first-1 || h.compacted != first-1 {
				t.Errorf("forgotten %d and compacted %d, but the first event kept is %d", h.forgotten, h.compacted, first)
			}
			if capacity := cap(h.events); capacity > 5*h.limit() {
				t.Errorf("room for %d events is held for %d", capacity, len(h.events))
			}
		})
	}
}

func TestHistoryKeepsEncodedFormsOfTheNewestOnly(t *testing.T) {
	h := &history{least: leastHistory}
	grow(h, 2*warmEvents, 0)
	warm := 0
	for _, e := range h.events {
		if !e.present.cold {
			warm++
		}
	}
	if warm != warmEvents {
		t.Errorf("%d events may keep encoded forms, want %d", warm, warmEvents)
	}
}

func TestHistoryDropsOldEventsButNeverTheLast(t *testing.T) {
	tests := []struct {
		name   string
		before int64
		kept   int
	}{
		{"nothing is old", 0, 100},
		{"some are old", 31, 70},
		{"all are old", 1000, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := &history{least: 10}
			grow(h, 100, 1)
			h.dropOlder(time.Unix(tt.before, 0))
			if n := len(h.events); n != tt.kept {
				t.Errorf("%d events are kept, want %d", n, tt.kept)
			}
		})
	}
}
