package loop_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watches is a store of which only watches are asked: it gives these, one after another, and then none.
type watches struct {
	store.Store[containers.Volume, *containers.Volume]

	mu    sync.Mutex // guards what follows
	next  []watch.Interface
	begun []time.Duration // since the beginning
	start time.Time
}

func (s *watches) Watch(ctx context.Context, _ string) (watch.Interface, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun = append(s.begun, time.Since(s.start))
	if len(s.next) == 0 {
		return nil, errors.New("no watch today")
	}
	w := s.next[0]
	s.next = s.next[1:]
	context.AfterFunc(ctx, w.Stop)
	return w, nil
}

// ended is a watch that tells these and ends.
func ended(events ...watch.Event) watch.Interface {
	w := watch.NewFakeWithChanSize(len(events), false)
	for _, e := range events {
		w.Action(e.Type, e.Object)
	}
	w.Stop()
	return w
}

func volume(name string) *containers.Volume {
	return &containers.Volume{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name}}
}

func TestWatchBeginsAgainWhenItEnds(t *testing.T) {
	gone := apierrors.NewResourceExpired("too old").Status()
	bookmark := watch.Event{Type: watch.Bookmark, Object: volume("")}
	synctest.Test(t, func(t *testing.T) {
		s := &watches{start: time.Now(), next: []watch.Interface{
			ended(watch.Event{Type: watch.Added, Object: volume("a")}, bookmark, bookmark),
			ended(watch.Event{Type: watch.Added, Object: volume("a")}, bookmark, watch.Event{Type: watch.Modified, Object: volume("a")},
				watch.Event{Type: watch.Deleted, Object: volume("a")}, watch.Event{Type: watch.Error, Object: &gone}),
			ended(),
			ended(watch.Event{Type: watch.Added, Object: volume("b")}),
		}}
		var got []string
		told := func(what string) { got = append(got, what) }
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		loop.Watch(s, loop.Handler[*containers.Volume]{
			Changed: func(v *containers.Volume, add loop.Add) { add(loop.Of(v)) },
			Gone:    func(v *containers.Volume, _ loop.Add) { told("gone " + v.Name) },
			Synced:  func(loop.Add) { told("synced") },
		}, apitest.Log(t))(ctx, func(r reconcile.Request) { told(r.String()) })

		if diff := cmp.Diff([]string{"n/a", "synced", "n/a", "synced", "n/a", "gone a", "n/b"}, got); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
		if s.begun[0] != 0 || s.begun[1] != 50*time.Millisecond {
			t.Errorf("watches began at %v: the first must at once, the second soon after the first ended", s.begun[:2])
		}
		if n := len(s.begun); n < 10 || n > 25 {
			t.Errorf("%d watches in a minute of failures: neither a spin nor a sleep is wanted", n)
		}
	})
}

func TestFailedReconcileIsTriedAgainLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var mu sync.Mutex
		var at []time.Duration
		stop := apitest.Run(t, loop.Loop{
			Name: "test", Workers: 2, Log: apitest.Log(t),
			Reconciler: reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Since(began))
				if len(at) == 3 {
					panic("a reconciler may be wrong, and the daemon goes on")
				}
				return reconcile.Result{}, errors.New("no")
			}),
			Feeds: []loop.Feed{
				func(ctx context.Context, add loop.Add) {
					add(loop.Of(volume("a")))
					<-ctx.Done()
				},
				func(context.Context, loop.Add) {}, // a feed may have nothing more to say
			},
		}.Run)
		time.Sleep(time.Minute) //nolint:forbidigo // in a bubble
		stop()
		if !slices.IsSorted(at) || at[0] != 0 || at[1] != 50*time.Millisecond {
			t.Errorf("tried at %v", at)
		}
		if last := at[len(at)-1] - at[len(at)-2]; last != 5*time.Second {
			t.Errorf("the last wait was %v, and 5 s are the most", last)
		}
	})
}
