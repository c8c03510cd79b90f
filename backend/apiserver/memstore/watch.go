package memstore

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/storage"
	utilflowcontrol "k8s.io/apiserver/pkg/util/flowcontrol"
)

const (
	tooOldWatch = "The resourceVersion for the provided watch is too old."

	// batch is how many events a watch takes from the history at once.
	batch = 128
	// ahead is how many events may wait in a watch's channel for its reader.
	ahead = 64
	// lastBookmark is how long before the end of its request a watch gets one more bookmark, so that the next
	// watch starts from there.
	lastBookmark = 2 * time.Second
)

// watcher pulls from its Store's history at its own pace. A slow one holds nothing but its place; when the history has
// moved past that place, the watch ends with 410 Expired, and the client lists again. Nobody ever waits for it.
type watcher struct {
	store    *Store
	cancel   context.CancelFunc
	done     <-chan struct{} // closed when the watch is to end
	deadline time.Time       // when the request's time is up; zero if never
	span     span
	pred     storage.SelectionPredicate
	progress bool
	asked    atomic.Bool // for a bookmark, by RequestWatchProgress
	out      chan watch.Event
	alarm    chan struct{} // holds one: there may be something new
	cursor   uint64        // every event up to here is dealt with
}

// Watch implements storage.Interface.
func (s *Store) Watch(ctx context.Context, key string, opts storage.ListOptions) (watch.Interface, error) {
	key, err := s.prepare(key, opts.Recursive)
	if err != nil {
		return nil, err
	}
	rv, err := s.versioner.ParseResourceVersion(opts.ResourceVersion)
	if err != nil {
		return nil, err
	}
	if rv > math.MaxInt64 {
		return nil, apierrors.NewBadRequest("resource version out of range")
	}
	w := s.newWatcher(ctx, key, opts)
	initial := rv == 0
	if opts.SendInitialEvents != nil {
		initial = *opts.SendInitialEvents
	}
	have, refusal := s.join(w, rv, initial)
	utilflowcontrol.WatchInitialized(ctx)
	go w.run(have, initial && opts.SendInitialEvents != nil && w.pred.AllowWatchBookmarks, refusal)
	return w, nil
}

func (s *Store) newWatcher(ctx context.Context, key string, opts storage.ListOptions) *watcher {
	w := &watcher{
		store:    s,
		span:     span{prefix: key, start: key, recursive: opts.Recursive},
		pred:     opts.Predicate,
		progress: opts.ProgressNotify,
		out:      make(chan watch.Event, ahead),
		alarm:    make(chan struct{}, 1),
	}
	if w.pred.Empty() {
		// An empty predicate may lack the functions that Matches calls.
		w.pred = storage.Everything
		w.pred.AllowWatchBookmarks = opts.Predicate.AllowWatchBookmarks
	}
	w.deadline, _ = ctx.Deadline()
	ctx, w.cancel = context.WithCancel(ctx)
	w.done = ctx.Done()
	return w
}

// join makes w part of the audience and says what it starts with: in one look at the state, so that no event can fall
// between the two. Writers are shut out meanwhile, other readers are not.
func (s *Store) join(w *watcher, rv uint64, initial bool) (have []*entry, refusal error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.audience.add(w)
	now := s.backend.Current()
	w.cursor = rv
	switch {
	case initial && rv > now:
		return nil, storage.NewTooLargeResourceVersionError(rv, now, 1)
	case initial:
		w.cursor = now
		return s.collect(w.span), nil
	case rv == 0:
		w.cursor = now
	case rv < s.history.compacted, rv > now:
		// A version that is yet to come was given out by an earlier process whose clock was ahead. To wait for it,
		// as etcd would, is to be deaf until then; 410 sends the client to list again.
		return nil, apierrors.NewResourceExpired(tooOldWatch)
	}
	return nil, nil
}

// Stop implements watch.Interface.
func (w *watcher) Stop() { w.cancel() }

// ResultChan implements watch.Interface.
func (w *watcher) ResultChan() <-chan watch.Event { return w.out }

func (w *watcher) wake() {
	select {
	case w.alarm <- struct{}{}:
	default:
	}
}

// run is the life of a watch. It owns the channel.
func (w *watcher) run(have []*entry, endsInitial bool, refusal error) {
	defer close(w.out)
	defer w.store.audience.remove(w)
	defer w.cancel()
	if refusal != nil {
		w.fail(refusal)
		return
	}
	if !w.sendInitial(have) {
		return
	}
	if endsInitial && !w.bookmark(true) {
		return
	}
	w.follow()
}

func (w *watcher) sendInitial(have []*entry) bool {
	for i, e := range have {
		have[i] = nil // it may take long, and others will replace the object meanwhile
		ok, err := w.pred.Matches(e.obj)
		if err != nil {
			w.fail(err)
			return false
		}
		if ok && !w.send(watch.Event{Type: watch.Added, Object: single(e.obj)}) {
			return false
		}
	}
	return true
}

// follow delivers the history, and bookmarks whenever there is nothing new, until the watch ends or is lost. A bookmark
// that is due while there is, comes right afterwards: there may be no other clock before the watch's time is up.
func (w *watcher) follow() {
	tick, last, stop := w.clocks()
	defer stop()
	due := false
	buf := make([]*event, 0, 16)
	for {
		events, alone, now, lost := w.pull(buf[:0])
		if lost {
			w.fail(apierrors.NewResourceExpired(tooOldWatch))
			return
		}
		for i, e := range events {
			events[i] = nil // old versions are not to be held by a watch that waits
			if !w.deliver(e, alone) {
				return
			}
			w.cursor = e.rv
		}
		if len(events) > 0 {
			buf = events
			continue
		}
		w.cursor = max(w.cursor, now)
		if due = due || w.progress && w.asked.Swap(false); due && !w.bookmark(false) {
			return
		}
		due = false
		select {
		case <-w.alarm:
		case <-tick:
			due = true
		case <-last:
			due = true
		case <-w.done:
			return
		}
	}
}

// clocks say when bookmarks are due: every so often, and once more before the request's time is up.
func (w *watcher) clocks() (tick, last <-chan time.Time, stop func()) {
	if !w.pred.AllowWatchBookmarks && !w.progress {
		return nil, nil, func() {}
	}
	every := w.store.options.Bookmarks
	if w.progress {
		every = w.store.options.Progress
	}
	ticker := time.NewTicker(every)
	if w.deadline.IsZero() {
		return ticker.C, nil, ticker.Stop
	}
	left := time.Until(w.deadline) - lastBookmark
	if left >= every {
		return ticker.C, nil, ticker.Stop
	}
	timer := time.NewTimer(max(left, 0))
	return ticker.C, timer.C, func() { ticker.Stop(); timer.Stop() }
}

// pull takes the next events. alone says that nobody else watches, so that encoded forms need not be kept; now is the
// newest version, which has been reached if there are no events.
func (w *watcher) pull(buf []*event) (events []*event, alone bool, now uint64, lost bool) {
	alone = w.store.audience.size() < 2
	w.store.mu.RLock()
	defer w.store.mu.RUnlock()
	if w.cursor < w.store.history.forgotten {
		return nil, alone, 0, true
	}
	return w.store.history.since(w.cursor, batch, buf), alone, w.store.backend.Current(), false
}

// deliver sends what an event means to this watch, if anything.
func (w *watcher) deliver(e *event, alone bool) bool {
	if !w.span.holds(e.key()) {
		return true
	}
	is, was := w.selects(e.cur), w.selects(e.prev)
	var ev watch.Event
	var obj *shared
	switch {
	case is && was:
		ev.Type, obj = watch.Modified, e.present
	case is:
		ev.Type, obj = watch.Added, e.present
	case was:
		ev.Type, obj = watch.Deleted, e.departed()
	default:
		return true
	}
	if alone {
		obj = single(obj.obj)
	}
	ev.Object = obj
	return w.send(ev)
}

func (w *watcher) selects(e *entry) bool {
	if e == nil {
		return false
	}
	ok, err := w.pred.Matches(e.obj)
	return err == nil && ok
}

// bookmark tells the client how far it has come; the first one after initial events is marked as such.
func (w *watcher) bookmark(endsInitial bool) bool {
	obj := w.store.options.NewFunc()
	setVersion(obj, w.cursor)
	if endsInitial {
		m, err := meta.Accessor(obj)
		if err != nil {
			w.fail(err)
			return false
		}
		m.SetAnnotations(map[string]string{metav1.InitialEventsAnnotationKey: "true"})
	}
	return w.send(watch.Event{Type: watch.Bookmark, Object: obj})
}

// fail sends the error that ends the watch.
func (w *watcher) fail(err error) {
	var api apierrors.APIStatus
	if !errors.As(err, &api) {
		api = apierrors.NewInternalError(err)
	}
	status := api.Status()
	w.send(watch.Event{Type: watch.Error, Object: &status})
}

func (w *watcher) send(e watch.Event) bool {
	select {
	case w.out <- e:
		return true
	case <-w.done:
		return false
	}
}
