package bench_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func quantile(ds []time.Duration, q float64) float64 {
	slices.Sort(ds)
	return millis(ds[min(int(q*float64(len(ds))), len(ds)-1)])
}

// home makes a home for a daemon.
func home(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("", "b") //nolint:usetesting // b.TempDir makes too long a path for a socket
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func BenchmarkDaemonStartToFirstAnswer(b *testing.B) {
	for b.Loop() {
		const runs = 20
		var fresh, again []time.Duration
		for range runs {
			dir := home(b)
			for _, times := range []*[]time.Duration{&fresh, &again} {
				d, took := startDaemon(b, dir)
				*times = append(*times, took)
				d.stop(b)
			}
		}
		b.ReportMetric(quantile(fresh, .5), "fresh-p50-ms")
		b.ReportMetric(quantile(fresh, 1), "fresh-max-ms")
		b.ReportMetric(quantile(again, .5), "again-p50-ms")
		b.ReportMetric(quantile(again, 1), "again-max-ms")
	}
}

// One engine serves all that follows, because filling it takes longer than measuring.
func BenchmarkMirror(b *testing.B) {
	eng := enginetest.Start(b)
	floor := newBare(eng.Endpoint())
	for _, n := range []int{0, 10, 100, 1000} {
		floor.fill(b, n)
		b.Run(fmt.Sprintf("containers=%d", n), func(b *testing.B) {
			for b.Loop() {
				measure(b, eng.Endpoint(), floor, n)
			}
		})
	}
}

func measure(b *testing.B, endpoint string, floor *bare, n int) {
	var syncs, lists []time.Duration
	for range 3 {
		d, _ := startDaemon(b, home(b))
		lists = append(lists, floor.lists(b))
		syncs = append(syncs, d.attach(b, endpoint))
		d.stop(b)
	}
	b.ReportMetric(quantile(syncs, .5), "first-sync-ms")
	b.ReportMetric(quantile(lists, .5), "bare-lists-ms")

	d, _ := startDaemon(b, home(b))
	defer d.stop(b)
	d.attach(b, endpoint)
	<-time.After(3 * time.Second) // idle is what is left once the work is done
	b.ReportMetric(d.resident(b), "resident-MiB")

	bareSeen, apiSeen := newSeen(), newSeen()
	floor.listen(b, bareSeen)
	d.watchVolumes(b, apiSeen)
	var above, bareAfter []time.Duration
	for i := range 200 {
		name := fmt.Sprintf("bench-%d-%d-%d", n, i, time.Now().UnixNano())
		start := time.Now()
		if _, err := floor.call(b.Context(), http.MethodPost, "/volumes/create", map[string]string{"Name": name}); err != nil {
			b.Fatal(err)
		}
		at, ok := waitSeen(apiSeen, name)
		if !ok {
			b.Fatalf("the API's watch never told of volume %s", name)
		}
		atBare, ok := waitSeen(bareSeen, name)
		if !ok {
			b.Fatalf("the bare listener never heard of volume %s", name)
		}
		above = append(above, at.Sub(atBare))
		bareAfter = append(bareAfter, atBare.Sub(start))
		if _, err := floor.call(b.Context(), http.MethodDelete, "/volumes/"+name, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(quantile(above, .5), "event-above-bare-p50-ms")
	b.ReportMetric(quantile(above, .99), "event-above-bare-p99-ms")
	b.ReportMetric(quantile(bareAfter, .5), "bare-p50-ms")
	b.ReportMetric(quantile(bareAfter, .99), "bare-p99-ms")
	b.ReportMetric(0, "ns/op") // means nothing here
}

func waitSeen(s *seen, key string) (time.Time, bool) {
	for start := time.Now(); time.Since(start) < 10*time.Second; <-time.After(200 * time.Microsecond) {
		if at, ok := s.when(key); ok {
			return at, true
		}
	}
	return time.Time{}, false
}
