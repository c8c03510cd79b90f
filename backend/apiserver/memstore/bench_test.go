package memstore

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

// filled makes a store with n pods of about a kilobyte each.
func filled(b *testing.B, n int) (context.Context, *Store) {
	b.Helper()
	ctx, s := newPodStore(b, Options{})
	for i := range n {
		pod := podNamed(fmt.Sprintf("pod-%05d", i))
		pod.Labels = map[string]string{"app": "bench", "n": fmt.Sprint(i)}
		pod.Annotations = map[string]string{"filling": strings.Repeat("x", 1000)}
		create(b, s, pod)
	}
	return ctx, s
}

func BenchmarkUpdate(b *testing.B) {
	_, s := filled(b, 1000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		relabel(b, s, fmt.Sprintf("pod-%05d", i%1000), i)
		i++
	}
}

func BenchmarkUpdateKeptInFiles(b *testing.B) {
	_, s := newPodStore(b, Options{Persister: newFiles(b)})
	create(b, s, podNamed("a"))
	i := 0
	for b.Loop() {
		relabel(b, s, "a", i)
		i++
	}
}

func BenchmarkGet(b *testing.B) {
	_, s := filled(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		get(b, s, "pod-00500")
	}
}

func BenchmarkList5000(b *testing.B) {
	_, s := filled(b, 5000)
	b.ReportAllocs()
	for b.Loop() {
		if got := list(b, s, storage.ListOptions{}); len(got.Items) != 5000 {
			b.Fatal(len(got.Items))
		}
	}
}

// BenchmarkWatchFanout is one update until ten watches have it in JSON.
func BenchmarkWatchFanout(b *testing.B) {
	const watches = 10
	ctx, s := filled(b, 1000)
	codec := podCodec()
	encode := func(obj runtime.Object, w io.Writer) error { return codec.Encode(obj, w) }
	got := make(chan error, watches)
	for range watches {
		w := watchAll(ctx, b, s, fmt.Sprint(s.backend.Current()))
		go func() {
			for e := range w.ResultChan() {
				select {
				case got <- e.Object.(runtime.CacheableObject).CacheEncode("json", encode, io.Discard):
				case <-ctx.Done():
				}
			}
		}()
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		relabel(b, s, fmt.Sprintf("pod-%05d", i%1000), i)
		for range watches {
			if err := <-got; err != nil {
				b.Fatal(err)
			}
		}
		i++
	}
}
