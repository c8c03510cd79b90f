package memstore

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

// endsWith410 reads what was on its way, and wants 410 and the end after it.
func endsWith410(tb testing.TB, w watch.Interface) (before int) {
	tb.Helper()
	for {
		e := next(tb, w)
		if e.Type != watch.Error {
			before++
			continue
		}
		if status := e.Object.(*metav1.Status); status.Code != http.StatusGone || status.Reason != metav1.StatusReasonExpired {
			tb.Fatalf("the watch ended with %+v, want 410 Expired", status)
		}
		if e, open := <-w.ResultChan(); open {
			tb.Fatalf("after the error came %v", e)
		}
		return before
	}
}

func TestSlowWatcherEndsWith410AndDelaysNoWriter(t *testing.T) {
	ctx, s := newPodStore(t, Options{History: 16})
	create(t, s, podNamed("a"))
	w := watchAll(ctx, t, s, "")
	// Nobody reads. Were a writer to wait for the watch, this would never end.
	const writes = 2000
	for i := range writes {
		relabel(t, s, "a", i)
	}
	if got, atMost := endsWith410(t, w), ahead+batch+1; got > atMost {
		t.Errorf("%d events were held for a watch that did not read, want at most %d", got, atMost)
	}
	eventually(t, "the lost watch to leave", func() bool { return s.Watchers() == 0 })
}

func TestBurstOverManyObjectsLosesNoWatch(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	early := watchAll(ctx, t, s, fmt.Sprint(s.backend.Current()))
	const objects = 5000
	for i := range objects {
		create(t, s, podNamed(fmt.Sprint(i)))
	}
	for i := range objects {
		remove(t, s, fmt.Sprint(i))
	}
	for i := range 2 * objects {
		if e := next(t, early); e.Type == watch.Error {
			t.Fatalf("after %d of %d events: %v", i, 2*objects, e.Object)
		}
	}
}

func TestBurstIsForgottenAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, s := newPodStore(t, Options{History: 10, Retain: time.Minute})
		start := fmt.Sprint(s.backend.Current())
		for i := range 100 {
			create(t, s, podNamed(fmt.Sprint(i)))
		}
		idle := watchAll(ctx, t, s, fmt.Sprint(s.backend.Current()))
		<-time.After(30 * time.Second)
		next(t, watchAll(ctx, t, s, start)) // still known

		<-time.After(time.Minute)
		synctest.Wait()
		if n := len(s.history.events); n != 10 {
			t.Errorf("%d events are kept, want 10", n)
		}
		if s.aging != nil {
			t.Error("a timer runs although there is nothing left to forget")
		}
		endsWith410(t, watchAll(ctx, t, s, start))

		// A watch that has seen everything is not concerned.
		relabel(t, s, "1", 1)
		if e := next(t, idle); e.Type != watch.Modified {
			t.Errorf("the idle watch got %v", e)
		}
	})
}

func TestWatchFromAnotherLifeGets410(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	s.Compact(s.backend.Bump())
	for name, rv := range map[string]uint64{"past": s.backend.Current() - 1, "future": s.backend.Current() + 1000} {
		t.Run(name, func(t *testing.T) {
			if n := endsWith410(t, watchAll(ctx, t, s, fmt.Sprint(rv))); n != 0 {
				t.Errorf("%d events came before the error", n)
			}
		})
	}
}

func TestVersionsUsedUpByOtherKindsLoseNoWatch(t *testing.T) {
	ctx, s := newPodStore(t, Options{History: 4})
	create(t, s, podNamed("a"))
	w := watchAll(ctx, t, s, fmt.Sprint(s.backend.Current()))
	for range 10000 {
		s.backend.Bump()
	}
	relabel(t, s, "a", 1)
	if e := next(t, w); e.Type != watch.Modified {
		t.Errorf("got %v", e)
	}
}

func TestWatchThatAskedForProgressSaysWhereItIsOnRequest(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	create(t, s, podNamed("a"))
	pred := storage.Everything
	pred.AllowWatchBookmarks = true
	w, err := s.Watch(ctx, prefix, storage.ListOptions{
		ResourceVersion: fmt.Sprint(s.backend.Current()), Recursive: true, ProgressNotify: true, Predicate: pred,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	want := s.backend.Bump() // by another kind
	if err := s.RequestWatchProgress(ctx); err != nil {
		t.Fatal(err)
	}
	if e := next(t, w); e.Type != watch.Bookmark || version(t, s, e.Object) != int(want) {
		t.Errorf("got %v, want a bookmark of version %d", e, want)
	}
}

func TestWatchersCountsThoseThatAreOpen(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	a, b := watchAll(ctx, t, s, ""), watchAll(ctx, t, s, "")
	if n := s.Watchers(); n != 2 {
		t.Errorf("%d watches, want 2", n)
	}
	a.Stop()
	eventually(t, "one to end", func() bool { return s.Watchers() == 1 })
	b.Stop()
	eventually(t, "both to end", func() bool { return s.Watchers() == 0 })
}

func TestCloseEndsWatches(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	w := watchAll(ctx, t, s, "")
	s.Close()
	late := watchAll(ctx, t, s, "")
	for _, w := range []watch.Interface{w, late} {
		if e, open := <-w.ResultChan(); open {
			t.Errorf("got %v, want the end", e)
		}
	}
}

func TestWatchSeesObjectsEnterAndLeaveItsSelection(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	create(t, s, podNamed("a"))
	pred := storage.Everything
	pred.GetAttrs = storage.DefaultNamespaceScopedAttr
	sel, err := metav1.LabelSelectorAsSelector(&metav1.LabelSelector{MatchLabels: map[string]string{"n": "1"}})
	if err != nil {
		t.Fatal(err)
	}
	pred.Label = sel
	w, err := s.Watch(ctx, prefix, storage.ListOptions{Recursive: true, Predicate: pred})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	in, out := relabel(t, s, "a", 1), relabel(t, s, "a", 2)
	relabel(t, s, "a", 3)

	entered, left := next(t, w), next(t, w)
	if entered.Type != watch.Added || entered.Object.(*example.Pod).ResourceVersion != in.ResourceVersion {
		t.Errorf("entering was %v", entered)
	}
	gone := left.Object.(*example.Pod)
	if left.Type != watch.Deleted || gone.ResourceVersion != out.ResourceVersion || gone.Labels["n"] != "1" {
		t.Errorf("leaving was %s of version %s with labels %v, want DELETED of %s as it was selected", left.Type,
			gone.ResourceVersion, gone.Labels, out.ResourceVersion)
	}
}

func TestEventIsEncodedOnceForAllWatches(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	create(t, s, podNamed("a"))
	now := fmt.Sprint(s.backend.Current())
	codec := podCodec()
	var times atomic.Int32
	encode := func(obj runtime.Object, w io.Writer) error {
		times.Add(1)
		obj.GetObjectKind().SetGroupVersionKind(example.SchemeGroupVersion.WithKind("Pod")) // as encoders do
		return codec.Encode(obj, w)
	}
	watches := []watch.Interface{watchAll(ctx, t, s, now), watchAll(ctx, t, s, now), watchAll(ctx, t, s, now)}
	relabel(t, s, "a", 1)
	remove(t, s, "a")
	for range 2 {
		for _, w := range watches {
			e := <-w.ResultChan()
			if err := e.Object.(runtime.CacheableObject).CacheEncode("json", encode, io.Discard); err != nil {
				t.Fatal(err)
			}
			if kind := Peek(e.Object).GetObjectKind().GroupVersionKind(); !kind.Empty() {
				t.Errorf("encoding made the stored object a %v", kind)
			}
		}
	}
	if n := times.Load(); n != 2 {
		t.Errorf("two events were encoded %d times", n)
	}
	// The same event without company, and an old one, are encoded but not remembered.
	old := &shared{obj: podNamed("b")}
	old.cool()
	for range 2 {
		if err := old.CacheEncode("json", encode, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	if n := times.Load(); n != 4 || old.done != nil {
		t.Errorf("an old event was encoded %d times, %d forms are kept", n-2, len(old.done))
	}
}

func TestWatchBeginsWithTheStateAndMissesNothingAfterIt(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	create(t, s, podNamed("counter"))
	const writes = 500
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := range writes {
			relabel(t, s, "counter", i)
		}
	}()
	// Each of these begins at another moment of the writing, and has to see every version from there on.
	for done := false; !done; {
		select {
		case <-written:
			done = true
		default:
		}
		watchCtx, stop := context.WithCancel(ctx)
		w := watchAll(watchCtx, t, s, "")
		last := 0
		for i := range 3 {
			e := next(t, w)
			rv := version(t, s, e.Object)
			if i > 0 && rv != last+1 {
				t.Fatalf("after version %d came %d", last, rv)
			}
			if last = rv; get(t, s, "counter").Labels["n"] == fmt.Sprint(writes-1) {
				break
			}
		}
		stop()
	}
}

func version(tb testing.TB, s *Store, obj runtime.Object) int {
	tb.Helper()
	rv, err := s.versioner.ObjectResourceVersion(obj)
	if err != nil {
		tb.Fatal(err)
	}
	return int(rv)
}
