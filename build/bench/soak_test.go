package bench_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// BenchmarkSoak keeps the engine busy with a hundred events a second for ten minutes, and then compares what the API
// shows with what the engine lists.
func BenchmarkSoak(b *testing.B) {
	const minutes, perSecond = 10, 100
	eng := enginetest.Start(b)
	floor := newBare(eng.Endpoint())
	floor.fill(b, 100)
	d, _ := startDaemon(b, home(b))
	defer d.stop(b)
	d.attach(b, eng.Endpoint())
	face := d.watch(b, volumesPath)
	defer face.Close()
	for b.Loop() {
		floor.storm(b, "warm", time.Minute, perSecond)
		before := d.resident(b)
		floor.storm(b, "soak", minutes*time.Minute, perSecond)
		lag := d.agrees(b, floor)
		b.ReportMetric(before, "before-MiB")
		b.ReportMetric(d.resident(b), "after-MiB")
		b.ReportMetric(millis(lag), "lag-ms")
		b.ReportMetric(0, "ns/op") // says nothing here
	}
}

// storm makes volumes and removes nine of ten again: one event each.
func (e *bare) storm(b *testing.B, prefix string, length time.Duration, perSecond int) {
	b.Helper()
	tick := time.NewTicker(2 * time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for i := range int(length.Seconds()) * perSecond / 2 {
		<-tick.C
		name := fmt.Sprintf("%s-%d", prefix, i)
		if _, err := e.call(b.Context(), http.MethodPost, "/volumes/create", map[string]string{"Name": name}); err != nil {
			b.Fatal(err)
		}
		if i%100 == 0 {
			continue // what stays must be there in the end
		}
		if _, err := e.call(b.Context(), http.MethodDelete, "/volumes/"+name, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// agrees waits until the API has exactly the engine's volumes, and gives how long that took.
func (d *daemon) agrees(b *testing.B, floor *bare) time.Duration {
	b.Helper()
	begun := time.Now()
	want := floor.volumeNames(b)
	for {
		got := d.volumeNames(b)
		if slices.Equal(want, got) {
			return time.Since(begun)
		}
		if time.Since(begun) > time.Minute {
			b.Fatalf("the API never agrees with the engine (-engine +api):\n%s", cmp.Diff(want, got))
		}
		<-time.After(time.Millisecond)
	}
}

func (e *bare) volumeNames(b *testing.B) []string {
	b.Helper()
	out, err := e.call(b.Context(), http.MethodGet, "/volumes", nil)
	var list struct{ Volumes []struct{ Name string } }
	if err == nil {
		err = json.Unmarshal(out, &list)
	}
	if err != nil {
		b.Fatal(err)
	}
	var names []string
	for _, v := range list.Volumes {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names
}

func (d *daemon) volumeNames(b *testing.B) []string {
	b.Helper()
	out, err := d.get(volumesPath)
	var list struct {
		Items []struct{ Status struct{ Name string } }
	}
	if err == nil {
		err = json.Unmarshal(out, &list)
	}
	if err != nil {
		b.Fatal(err)
	}
	var names []string
	for _, v := range list.Items {
		names = append(names, v.Status.Name)
	}
	slices.Sort(names)
	return names
}
