package memstore

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/apis/example"
	examplev1 "k8s.io/apiserver/pkg/apis/example/v1"
	"k8s.io/apiserver/pkg/storage"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirVariable); dir != "" {
		os.Exit(writeUntilKilled(dir))
	}
	goleak.VerifyTestMain(m)
}

const prefix = "/pods/"

// podCodec is how a codec comes to a real Store: it decodes to the stored type and encodes to a version.
func podCodec() runtime.Codec {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.SchemeGroupVersion)
	for _, add := range []func(*runtime.Scheme) error{example.AddToScheme, examplev1.AddToScheme} {
		if err := add(scheme); err != nil {
			panic(err)
		}
	}
	return serializer.NewCodecFactory(scheme).LegacyCodec(examplev1.SchemeGroupVersion)
}

// newPodStore makes a Store of pods that ends with the test. The context ends first, as a server's does.
func newPodStore(tb testing.TB, o Options) (context.Context, *Store) {
	tb.Helper()
	codec := podCodec()
	o.ResourcePrefix = prefix
	o.NewFunc = func() runtime.Object { return &example.Pod{} }
	o.Encode = func(obj runtime.Object) ([]byte, error) { return runtime.Encode(codec, obj) }
	s, err := New(NewBackend(1), o)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(func() {
		cancel()
		eventually(tb, "all watches to end", func() bool { return s.Watchers() == 0 })
		s.Close()
	})
	return ctx, s
}

// eventually polls a real thing that happens in another goroutine.
func eventually(tb testing.TB, what string, happened func() bool) {
	tb.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !happened() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("waited in vain for %s", what)
		}
	}
}

func podNamed(name string) *example.Pod {
	return &example.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"}}
}

func keyOf(name string) string { return prefix + "ns/" + name }

func create(tb testing.TB, s *Store, pod *example.Pod) *example.Pod {
	tb.Helper()
	out := &example.Pod{}
	if err := s.Create(context.Background(), keyOf(pod.Name), pod, out, 0); err != nil {
		tb.Fatal(err)
	}
	return out
}

func get(tb testing.TB, s *Store, name string) *example.Pod {
	tb.Helper()
	out := &example.Pod{}
	if err := s.Get(context.Background(), keyOf(name), storage.GetOptions{}, out); err != nil {
		tb.Fatal(err)
	}
	return out
}

// update changes the newest version; it is what a registry's update comes down to.
func update(s *Store, name string, change func(*example.Pod)) (*example.Pod, error) {
	out := &example.Pod{}
	err := s.GuaranteedUpdate(context.Background(), keyOf(name), out, false, nil,
		func(in runtime.Object, _ storage.ResponseMeta) (runtime.Object, *uint64, error) {
			change(in.(*example.Pod))
			return in, nil, nil
		}, nil)
	return out, err
}

func relabel(tb testing.TB, s *Store, name string, n int) *example.Pod {
	tb.Helper()
	out, err := update(s, name, func(p *example.Pod) { p.Labels = map[string]string{"n": fmt.Sprint(n)} })
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func remove(tb testing.TB, s *Store, name string) *example.Pod {
	tb.Helper()
	out := &example.Pod{}
	err := s.Delete(context.Background(), keyOf(name), out, nil, storage.ValidateAllObjectFunc, nil, storage.DeleteOptions{})
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func list(tb testing.TB, s *Store, opts storage.ListOptions) *example.PodList {
	tb.Helper()
	out := &example.PodList{}
	opts.Recursive = true
	opts.Predicate = storage.Everything
	if err := s.GetList(context.Background(), prefix, opts, out); err != nil {
		tb.Fatal(err)
	}
	return out
}

// watchAll watches every pod from version rv on; "" begins with what there is.
func watchAll(ctx context.Context, tb testing.TB, s *Store, rv string) watch.Interface {
	tb.Helper()
	w, err := s.Watch(ctx, prefix, storage.ListOptions{ResourceVersion: rv, Recursive: true, Predicate: storage.Everything})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Stop)
	return w
}

// next is the next event, its object out of the wrapper.
func next(tb testing.TB, w watch.Interface) watch.Event {
	tb.Helper()
	select {
	case e, open := <-w.ResultChan():
		if !open {
			tb.Fatal("the watch has ended")
		}
		e.Object = Peek(e.Object)
		return e
	case <-time.After(10 * time.Second):
		tb.Fatal("no event came")
		return watch.Event{}
	}
}

// exactly asks a list for the state at one version.
func exactly(rv string) storage.ListOptions {
	return storage.ListOptions{ResourceVersion: rv, ResourceVersionMatch: metav1.ResourceVersionMatchExact}
}
