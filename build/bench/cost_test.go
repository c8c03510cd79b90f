package bench_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

const containersPath = "/apis/containers.berth.desktop/v1alpha1/namespaces/berth/containers"

// BenchmarkCost tells what the daemon costs the machine and the engine with a thousand containers: at rest, at each
// change, and when one of its faces has stopped reading.
func BenchmarkCost(b *testing.B) {
	eng := enginetest.Start(b)
	floor := newBare(eng.Endpoint())
	floor.fill(b, 1000)
	counted := newCounter(b, floor)
	d, _ := startDaemon(b, home(b))
	defer d.stop(b)
	d.attach(b, counted.endpoint)
	<-time.After(3 * time.Second) // the details of the first sync are not what is measured

	b.Run("idle/unwatched", func(b *testing.B) { idle(b, d, counted) })
	reader := d.watch(b, containersPath)
	b.Run("idle/watched", func(b *testing.B) { idle(b, d, counted) })
	b.Run("change", func(b *testing.B) { change(b, d, floor, counted) })
	reader.Close()
	b.Run("stall", func(b *testing.B) { stall(b, d, floor) })
}

// idle counts calls and processor time while nothing happens.
func idle(b *testing.B, d *daemon, counted *counter) {
	const window = 90 * time.Second // three relists while watched
	for b.Loop() {
		calls, cpu := counted.calls.Load(), d.processorTime(b)
		<-time.After(window)
		b.ReportMetric(float64(counted.calls.Load()-calls)/window.Minutes(), "calls/min")
		b.ReportMetric(100*(d.processorTime(b)-cpu).Seconds()/window.Seconds(), "cpu-%")
		b.ReportMetric(0, "ns/op") // says nothing here
	}
}

// change renames a container thirty times a second, which is one event and one changed object each.
func change(b *testing.B, d *daemon, floor *bare, counted *counter) {
	const changes = 600
	id := floor.create(b)
	for b.Loop() {
		calls, cpu := counted.calls.Load(), d.processorTime(b)
		tick := time.NewTicker(time.Second / 30)
		for i := range changes {
			<-tick.C
			floor.rename(b, id, fmt.Sprintf("renamed-%d-%d", i, time.Now().UnixNano()))
		}
		tick.Stop()
		<-time.After(time.Second)
		b.ReportMetric(millis(d.processorTime(b)-cpu)/changes, "cpu-ms/change")
		b.ReportMetric(float64(counted.calls.Load()-calls)/changes, "calls/change")
		b.ReportMetric(0, "ns/op") // says nothing here
	}
}

// stall times another client of the engine, with and without a face of ours that has stopped reading its watch. The
// engine keeps a thousand events for a listener that does not read and then makes everybody wait: more than that pass.
func stall(b *testing.B, d *daemon, floor *bare) {
	const calls = 1500
	id := floor.create(b)
	times := func() time.Duration {
		took := make([]time.Duration, 0, calls)
		for i := range calls {
			begun := time.Now()
			floor.rename(b, id, fmt.Sprintf("stalled-%d-%d", i, time.Now().UnixNano()))
			took = append(took, time.Since(begun))
		}
		return time.Duration(quantile(took, .5) * float64(time.Millisecond))
	}
	for b.Loop() {
		before := times()
		stalled := d.watch(b, containersPath)
		stalled.stop.Store(true)
		with := times()
		stalled.Close()
		without := (before + times()) / 2 // the machine's load moves, so the floor is taken on both sides
		b.ReportMetric(millis(without), "reading-p50-ms")
		b.ReportMetric(millis(with), "stalled-p50-ms")
		b.ReportMetric(float64(with)/float64(without), "ratio")
		b.ReportMetric(0, "ns/op") // says nothing here
	}
}

// create makes a container that does not run and gives its ID.
func (e *bare) create(b *testing.B) string {
	b.Helper()
	out, err := e.call(b.Context(), http.MethodPost, "/containers/create", map[string]any{
		"Image": "busybox:latest", "Cmd": []string{"true"}, "HostConfig": map[string]any{"NetworkMode": "none"},
	})
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(out), `"Id":"`)
	id, _, _ := strings.Cut(rest, `"`)
	return id
}

func (e *bare) rename(b *testing.B, id, name string) {
	b.Helper()
	if _, err := e.call(b.Context(), http.MethodPost, "/containers/"+id+"/rename?name="+name, nil); err != nil {
		b.Fatal(err)
	}
}

// counter stands between the daemon and the engine and counts the calls.
type counter struct {
	endpoint string
	calls    atomic.Int64
}

func newCounter(b *testing.B, engine *bare) *counter {
	b.Helper()
	socket := filepath.Join(home(b), "counted.sock")
	l, err := new(net.ListenConfig).Listen(b.Context(), "unix", socket)
	if err != nil {
		b.Fatal(err)
	}
	c := &counter{endpoint: "unix://" + socket}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "engine"})
	proxy.Transport, proxy.FlushInterval = engine.http.Transport, -1
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.calls.Add(1)
		proxy.ServeHTTP(w, r)
	})}
	go func() { _ = server.Serve(l) }()
	b.Cleanup(func() { _ = server.Close() })
	return c
}

// processorTime is what the daemon has used so far.
func (d *daemon) processorTime(b *testing.B) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), ") ") // the name before it may hold anything
	fields := strings.Fields(rest)
	const utime, stime, tick = 11, 12, 10 * time.Millisecond
	var sum time.Duration
	for _, field := range []int{utime, stime} {
		n, err := strconv.Atoi(fields[field])
		if err != nil {
			b.Fatal(err)
		}
		sum += time.Duration(n) * tick
	}
	return sum
}
