package memstore

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

const (
	modelWorkers = 8
	modelSteps   = 1500
	modelKeys    = 12 // of each worker
)

// model is what a map would hold: the label of each pod by its name.
type model map[string]string

// worker does random things to pods of its own and to one that all share, and knows what has to come of it.
type worker struct {
	t      *testing.T
	s      *Store
	id     int
	random *rand.Rand
	own    model
	seen   map[string]model // own as it was at some versions
	shared int              // how often the shared counter was raised
}

// TestStoreBehavesLikeAMap compares the store with plain maps while many write at once, and what its watches tell with
// what its lists tell.
func TestStoreBehavesLikeAMap(t *testing.T) {
	ctx, s := newPodStore(t, Options{History: modelWorkers * modelSteps * 2})
	start := strconv.FormatUint(s.backend.Current(), 10)
	create(t, s, podNamed("shared"))

	follower := follow(watchAll(ctx, t, s, start))
	workers := make([]*worker, modelWorkers)
	var wg sync.WaitGroup
	for i := range workers {
		workers[i] = &worker{t: t, s: s, id: i, random: rand.New(rand.NewPCG(1, uint64(i))), own: model{}, seen: map[string]model{}}
		wg.Go(workers[i].run)
	}
	wg.Wait()

	want := model{}
	raised := 0
	for _, w := range workers {
		maps.Copy(want, w.own)
		raised += w.shared
	}
	want["shared"] = strconv.Itoa(raised)
	final := list(t, s, storage.ListOptions{})
	if diff := cmp.Diff(want, modelOf(final.Items)); diff != "" {
		t.Fatalf("the list is not what was written (-want +got):\n%s", diff)
	}
	lastVersion := s.history.events[len(s.history.events)-1].rv
	states := follower.until(t, lastVersion)
	if diff := cmp.Diff(want, states[len(states)-1].is); diff != "" {
		t.Fatalf("the watch is not what was written (-want +got):\n%s", diff)
	}
	for range 100 {
		state := states[rand.IntN(len(states))]
		past := list(t, s, exactly(strconv.Itoa(state.rv)))
		if diff := cmp.Diff(state.is, modelOf(past.Items)); diff != "" {
			t.Fatalf("the list of version %d is not what the watch told (-watch +list):\n%s", state.rv, diff)
		}
		if !slices.IsSortedFunc(past.Items, func(a, b example.Pod) int { return compareNames(a.Name, b.Name) }) {
			t.Fatalf("the list of version %d is not in order", state.rv)
		}
	}
	for _, w := range workers {
		w.checkPast()
	}
}

func compareNames(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func modelOf(pods []example.Pod) model {
	m := model{}
	for _, p := range pods {
		m[p.Name] = p.Labels["n"]
	}
	return m
}

func (w *worker) run() {
	for step := range modelSteps {
		name := fmt.Sprintf("w%d-%d", w.id, w.random.IntN(modelKeys))
		value, exists := w.own[name]
		switch op := w.random.IntN(10); {
		case op == 0:
			w.raise()
		case op == 1:
			w.checkList()
		case op == 2 && exists:
			w.expect(name, value, remove(w.t, w.s, name))
			delete(w.own, name)
		case op == 3:
			w.checkGet(name, value, exists)
		case exists:
			value = strconv.Itoa(step)
			w.expect(name, value, relabel(w.t, w.s, name, step))
			w.own[name] = value
		default:
			value = strconv.Itoa(step)
			pod := podNamed(name)
			pod.Labels = map[string]string{"n": value}
			w.expect(name, value, create(w.t, w.s, pod))
			w.own[name] = value
		}
	}
}

func (w *worker) expect(name, value string, got *example.Pod) {
	if got.Name != name || got.Labels["n"] != value {
		w.t.Errorf("got %s=%s, want %s=%s", got.Name, got.Labels["n"], name, value)
	}
}

// raise adds one to what everybody adds to: an update that is lost would show in the sum.
func (w *worker) raise() {
	_, err := update(w.s, "shared", func(p *example.Pod) {
		n, _ := strconv.Atoi(p.Labels["n"])
		p.Labels = map[string]string{"n": strconv.Itoa(n + 1)}
	})
	if err != nil {
		w.t.Error(err)
	}
	w.shared++
}

func (w *worker) checkGet(name, value string, exists bool) {
	got := &example.Pod{}
	err := w.s.Get(context.Background(), keyOf(name), storage.GetOptions{}, got)
	switch {
	case !exists && !storage.IsNotFound(err):
		w.t.Errorf("%s does not exist, got %v, %v", name, got, err)
	case exists && err != nil:
		w.t.Error(err)
	case exists:
		w.expect(name, value, got)
		err := w.s.Create(context.Background(), keyOf(name), podNamed(name), nil, 0)
		if !storage.IsExist(err) {
			w.t.Errorf("creating %s anew gave %v", name, err)
		}
	}
}

// mine is the worker's part of a list.
func (w *worker) mine(pods []example.Pod) model {
	m := modelOf(pods)
	maps.DeleteFunc(m, func(name, _ string) bool {
		return len(name) < 3 || name[:3] != fmt.Sprintf("w%d-", w.id)
	})
	return m
}

func (w *worker) checkList() {
	got := list(w.t, w.s, storage.ListOptions{})
	if diff := cmp.Diff(w.own, w.mine(got.Items)); diff != "" {
		w.t.Errorf("(-want +got):\n%s", diff)
	}
	w.seen[got.ResourceVersion] = maps.Clone(w.own)
}

// checkPast lists anew what was listed in passing: the past must not have changed.
func (w *worker) checkPast() {
	for rv, want := range w.seen {
		got := list(w.t, w.s, exactly(rv))
		if diff := cmp.Diff(want, w.mine(got.Items)); diff != "" {
			w.t.Fatalf("version %s (-then +now):\n%s", rv, diff)
		}
	}
}

// follower rebuilds the state from a watch.
type follower struct {
	w      watch.Interface
	states []state
}

type state struct {
	rv int
	is model
}

func follow(w watch.Interface) *follower { return &follower{w: w} }

// until reads the watch up to a version, and returns every state on the way.
func (f *follower) until(t *testing.T, version uint64) []state {
	t.Helper()
	is := model{}
	for rv := 0; rv < int(version); {
		e := next(t, f.w)
		pod, ok := e.Object.(*example.Pod)
		if !ok {
			t.Fatalf("got %v", e)
		}
		_, known := is[pod.Name]
		switch {
		case e.Type == watch.Added && !known, e.Type == watch.Modified && known:
			is[pod.Name] = pod.Labels["n"]
		case e.Type == watch.Deleted && known:
			delete(is, pod.Name)
		default:
			t.Fatalf("%s of %s, which is known: %v", e.Type, pod.Name, known)
		}
		before := rv
		if rv, _ = strconv.Atoi(pod.ResourceVersion); rv <= before {
			t.Fatalf("after version %d came %d", before, rv)
		}
		f.states = append(f.states, state{rv: rv, is: maps.Clone(is)})
	}
	return f.states
}
