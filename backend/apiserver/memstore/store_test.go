package memstore

import (
	"errors"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

// spoil changes everything in a pod that a careless copy would share.
func spoil(p *example.Pod) {
	p.Labels["k"] = "spoilt"
	p.Finalizers[0] = "spoilt"
	p.Spec.NodeSelector["k"] = "spoilt"
	p.Name = "spoilt"
}

func TestStoreSharesNoMemoryWithItsCallers(t *testing.T) {
	ctx, s := newPodStore(t, Options{})
	given := podNamed("a")
	given.Labels = map[string]string{"k": "v"}
	given.Finalizers = []string{"f"}
	given.Spec.NodeSelector = map[string]string{"k": "v"}
	want := given.DeepCopy()

	want.ResourceVersion = create(t, s, given).ResourceVersion
	spoil(given)
	steps := map[string]func() *example.Pod{
		"Get":     func() *example.Pod { return get(t, s, "a") },
		"GetList": func() *example.Pod { return &list(t, s, storage.ListOptions{}).Items[0] },
		"GetObject": func() *example.Pod {
			return (<-watchAll(ctx, t, s, "").ResultChan()).Object.(runtime.CacheableObject).GetObject().(*example.Pod)
		},
		"past lists": func() *example.Pod { return &list(t, s, exactly(get(t, s, "a").ResourceVersion)).Items[0] },
		"a refused change": func() *example.Pod {
			var in *example.Pod
			err := s.GuaranteedUpdate(ctx, keyOf("a"), &example.Pod{}, false, nil,
				func(obj runtime.Object, _ storage.ResponseMeta) (runtime.Object, *uint64, error) {
					in = obj.(*example.Pod)
					return nil, nil, errors.New("refused")
				}, nil)
			if err == nil {
				t.Error("the refusal was not reported")
			}
			return in
		},
		"an accepted change": func() *example.Pod {
			var in *example.Pod
			out, err := update(s, "a", func(p *example.Pod) { p.Spec.Hostname = "other"; in = p })
			if err != nil {
				t.Fatal(err)
			}
			want = out.DeepCopy()
			spoil(out)
			return in
		},
	}
	for name, step := range steps {
		spoil(step())
		if diff := cmp.Diff(want, get(t, s, "a")); diff != "" {
			t.Fatalf("what %s gave is what is stored (-want +got):\n%s", name, diff)
		}
	}
}

func TestStoreKeepsOfTimesWhatJSONKeeps(t *testing.T) {
	_, s := newPodStore(t, Options{})
	pod := podNamed("a")
	pod.CreationTimestamp = metav1.Now()
	pod.DeletionTimestamp = &metav1.Time{Time: time.Now()}
	pod.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m", Time: &metav1.Time{Time: time.Now()}}}
	stored := create(t, s, pod)

	codec := podCodec()
	wire, err := runtime.Encode(codec, stored)
	if err != nil {
		t.Fatal(err)
	}
	back, err := runtime.Decode(codec, wire)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]time.Time{
		"creationTimestamp":  {stored.CreationTimestamp.Time, back.(*example.Pod).CreationTimestamp.Time},
		"deletionTimestamp":  {stored.DeletionTimestamp.Time, back.(*example.Pod).DeletionTimestamp.Time},
		"managedFields.time": {stored.ManagedFields[0].Time.Time, back.(*example.Pod).ManagedFields[0].Time.Time},
	} {
		if !pair[0].Equal(pair[1]) || pair[0].Sub(pair[1]) != 0 {
			t.Errorf("%s is stored as %v and comes back from a client as %v", name, pair[0], pair[1])
		}
	}
}

// timed has a time in every place that a plan can reach.
type timed struct {
	Plain   metav1.Time
	Micro   metav1.MicroTime
	Pointer *metav1.Time
	Slice   []metav1.Time
	Array   [1]metav1.Time
	Map     map[string]metav1.Time
	Structs map[string]timedPart
	Nil     *metav1.Time
	Other   map[string]string
	Self    *timed
}

type timedPart struct{ At *metav1.MicroTime }

func TestPlanTimesReachesEveryTime(t *testing.T) {
	second := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	exact := second.Add(123456789)
	micro := second.Add(123456 * time.Microsecond)
	all := func(t, m time.Time) timed {
		return timed{
			Plain: metav1.Time{Time: t}, Micro: metav1.MicroTime{Time: m}, Pointer: &metav1.Time{Time: t},
			Slice: []metav1.Time{{Time: t}}, Array: [1]metav1.Time{{Time: t}}, Map: map[string]metav1.Time{"a": {Time: t}},
			Structs: map[string]timedPart{"b": {At: &metav1.MicroTime{Time: m}}}, Other: map[string]string{"c": "d"},
		}
	}
	got := all(exact, exact)
	planTimes(reflect.TypeFor[timed]()).truncate(reflect.ValueOf(&got).Elem())
	if diff := cmp.Diff(all(second, micro), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if planTimes(reflect.TypeFor[example.PodSpec]()) != nil {
		t.Error("a type without times has a plan")
	}
}

// gate is a Persister whose Put waits, as a slow disk would.
type gate struct {
	entered chan struct{}
	open    chan struct{}
	err     error
}

func (g *gate) Put(string, runtime.Object) error {
	g.entered <- struct{}{}
	<-g.open
	return g.err
}
func (g *gate) Delete(string) error                           { return nil }
func (g *gate) Load(func(string, runtime.Object) error) error { return nil }

func TestSlowDiskDelaysNoReader(t *testing.T) {
	g := &gate{entered: make(chan struct{}), open: make(chan struct{})}
	ctx, s := newPodStore(t, Options{Persister: g})
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { create(t, s, podNamed("a")) })
	<-g.entered

	// The write is stuck. Everything else goes on, and sees the old state.
	if n := len(list(t, s, storage.ListOptions{}).Items); n != 0 {
		t.Errorf("%d objects are listed before they are kept", n)
	}
	w := watchAll(ctx, t, s, "")
	if _, err := s.Stats(ctx); err != nil {
		t.Error(err)
	}
	close(g.open)
	if e := next(t, w); e.Object.(*example.Pod).Name != "a" {
		t.Errorf("after the disk answered came %v", e)
	}
}

func TestRefusedByTheDiskIsNotStored(t *testing.T) {
	g := &gate{entered: make(chan struct{}, 1), open: make(chan struct{}), err: errors.New("no space left")}
	close(g.open)
	ctx, s := newPodStore(t, Options{Persister: g})
	before := s.backend.Current()
	err := s.Create(ctx, keyOf("a"), podNamed("a"), nil, 0)
	if !storage.IsInternalError(err) {
		t.Errorf("got %v, want an internal error", err)
	}
	if s.load(keyOf("a")) != nil || s.backend.Current() != before {
		t.Error("a change that was refused can be seen")
	}
}

func TestExpiryIsRetriedUntilTheDiskTakesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &flakyDelete{failures: 2}
		ctx, s := newPodStore(t, Options{Persister: disk})
		if err := s.Create(ctx, keyOf("a"), podNamed("a"), nil, 1); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the object to expire", func() bool { return s.load(keyOf("a")) == nil })
		if disk.failures != 0 {
			t.Errorf("%d failures were not met", disk.failures)
		}
	})
}

type flakyDelete struct{ failures int }

func (d *flakyDelete) Put(string, runtime.Object) error { return nil }
func (d *flakyDelete) Delete(string) error {
	if d.failures > 0 {
		d.failures--
		return errors.New("no space left")
	}
	return nil
}
func (d *flakyDelete) Load(func(string, runtime.Object) error) error { return nil }
