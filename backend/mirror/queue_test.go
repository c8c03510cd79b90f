package mirror

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/backend/engine"
)

func keys(ids ...string) []engine.Key {
	var all []engine.Key
	for _, id := range ids {
		all = append(all, engine.Key{Kind: engine.KindVolume, ID: id})
	}
	return all
}

func TestQueueGivesTheFirstKeyAfterQuietAtOnceAndGathersTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(3 * time.Millisecond)
		begun := time.Now()
		q.add(live, keys("a")...)
		got, _ := q.next(t.Context(), live)
		if diff := cmp.Diff(keys("a"), got); diff != "" || time.Since(begun) != 0 {
			t.Errorf("after %v: %s", time.Since(begun), diff)
		}
		q.add(live, keys("b", "c")...)
		q.add(live, keys("b")...)
		got, _ = q.next(t.Context(), live)
		if diff := cmp.Diff(keys("b", "c"), got); diff != "" || time.Since(begun) != 3*time.Millisecond {
			t.Errorf("after %v: %s", time.Since(begun), diff)
		}
	})
}

func TestQueueGivesAKeyToOneReaderAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(0)
		q.add(live, keys("a")...)
		first, _ := q.next(t.Context(), live)
		q.add(live, keys("a", "b")...)
		second, _ := q.next(t.Context(), live)
		if diff := cmp.Diff(keys("b"), second); diff != "" {
			t.Error(diff)
		}
		q.done(second...)
		if q.pending() != 2 {
			t.Error("a is being read, and dirty again")
		}
		q.done(first...)
		third, _ := q.next(t.Context(), live)
		if diff := cmp.Diff(keys("a"), third); diff != "" {
			t.Error(diff)
		}
		q.done(third...)
		if q.pending() != 0 {
			t.Error("all was read")
		}
	})
}

func TestQueueLetsUrgentKeysPass(t *testing.T) {
	q := newQueue(0)
	q.add(later, keys("a", "b", "c")...)
	q.add(live, keys("c")...)
	q.add(later, keys("c")...)
	urgent, _ := q.next(t.Context(), live)
	rest, _ := q.next(t.Context(), later)
	if diff := cmp.Diff([][]engine.Key{keys("c"), keys("a", "b")}, [][]engine.Key{urgent, rest}); diff != "" {
		t.Error(diff)
	}
}

func TestQueueLosesNoKeyBetweenManyWritersAndReaders(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	q := newQueue(time.Millisecond)
	var mu sync.Mutex // guards below
	written, read := map[engine.Key]int{}, map[engine.Key]int{}
	var readers, writers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				batch, err := q.next(ctx, live)
				if err != nil {
					return
				}
				mu.Lock()
				for _, k := range batch {
					read[k] = written[k] // what a read sees
				}
				mu.Unlock()
				q.done(batch...)
			}
		})
	}
	for w := range 4 {
		writers.Go(func() {
			for i := range 2000 {
				k := keys(fmt.Sprint((i*7 + w) % 50))[0]
				mu.Lock()
				written[k]++
				mu.Unlock()
				q.add(live, k)
			}
		})
	}
	writers.Wait()
	for q.pending() > 0 {
		if !sleep(ctx, time.Millisecond) {
			t.Fatal("the queue never became idle")
		}
	}
	cancel()
	readers.Wait()
	if diff := cmp.Diff(written, read); diff != "" {
		t.Error(diff)
	}
}
