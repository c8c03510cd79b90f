package bench_test

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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
	b.Run("change/rename", func(b *testing.B) { change(b, d, floor, counted, eng.Endpoint(), renames) })
	b.Run("change/state", func(b *testing.B) { change(b, d, floor, counted, eng.Endpoint(), startsAndKills) })
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

// changes makes changes to a container of its own and gives how many there were.
type changes func(b *testing.B, floor *bare) int

// change tells what the daemon spends on changes that a face watches, beside a bare listener that inspects what the same
// events name.
func change(b *testing.B, d *daemon, floor *bare, counted *counter, endpoint string, do changes) {
	listener := floor.listener(b, endpoint)
	for b.Loop() {
		calls, cpu, least := counted.calls.Load(), d.processorTime(b), processorTime(b, listener)
		n := float64(do(b, floor))
		<-time.After(time.Second)
		cpu, least = d.processorTime(b)-cpu, processorTime(b, listener)-least
		b.ReportMetric(millis(cpu)/n, "cpu-ms/change")
		b.ReportMetric(millis(least)/n, "bare-cpu-ms/change")
		b.ReportMetric(float64(cpu)/float64(max(least, time.Millisecond)), "ratio")
		b.ReportMetric(float64(counted.calls.Load()-calls)/n, "calls/change")
		b.ReportMetric(0, "ns/op") // says nothing here
	}
}

// renames are thirty a second, each of which is one event.
func renames(b *testing.B, floor *bare) int {
	b.Helper()
	const n = 600
	id := floor.create(b, "")
	tick := time.NewTicker(time.Second / 30)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		floor.rename(b, id, fmt.Sprintf("renamed-%d-%d", i, time.Now().UnixNano()))
	}
	return n
}

// startsAndKills are as fast as the engine is. A kill makes two events.
func startsAndKills(b *testing.B, floor *bare) int {
	b.Helper()
	const cycles = 60
	id := floor.create(b, "")
	for range cycles {
		for _, action := range []string{"/start", "/kill"} {
			if _, err := floor.call(b.Context(), http.MethodPost, "/containers/"+id+action, nil); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := floor.call(b.Context(), http.MethodPost, "/containers/"+id+"/wait", nil); err != nil {
			b.Fatal(err)
		}
	}
	return 2 * cycles
}

// stall times another client of the engine, with and without a face of ours that has stopped reading its watch. The
// engine keeps a thousand events for a listener that does not read and then makes everybody wait: more than that pass.
// The machine's load moves, so each time with the face stands between two without, and the median of the pairs counts.
func stall(b *testing.B, d *daemon, floor *bare) {
	const pairs, calls = 7, 1200
	id := floor.create(b, strings.Repeat("x", 16<<10)) // so much that no buffer on the way holds it all
	times := func() float64 {
		took := make([]time.Duration, 0, calls)
		for i := range calls {
			begun := time.Now()
			floor.rename(b, id, fmt.Sprintf("stalled-%d-%d", i, time.Now().UnixNano()))
			took = append(took, time.Since(begun))
		}
		return quantile(took, .5)
	}
	for b.Loop() {
		var reading, stalled, ratios []float64
		before := times()
		for range pairs {
			face := d.stalledWatch(b)
			with := times()
			face.mustBeBlocked(b)
			_ = face.Close()
			after := times()
			reading, stalled = append(reading, (before+after)/2), append(stalled, with)
			ratios = append(ratios, with/((before+after)/2))
			before = after
		}
		for _, all := range [][]float64{reading, stalled, ratios} {
			slices.Sort(all)
		}
		b.ReportMetric(reading[pairs/2], "reading-p50-ms")
		b.ReportMetric(stalled[pairs/2], "stalled-p50-ms")
		b.ReportMetric(ratios[pairs/2], "ratio-median")
		b.ReportMetric(ratios[0], "ratio-lowest")
		b.ReportMetric(ratios[pairs-1], "ratio-highest")
		b.ReportMetric(0, "ns/op") // says nothing here
	}
}

// create makes a container that does not run, with a label, and gives its ID. It would run until it is killed.
func (e *bare) create(b *testing.B, label string) string {
	b.Helper()
	out, err := e.call(b.Context(), http.MethodPost, "/containers/create", map[string]any{
		"Image": "busybox:latest", "Cmd": []string{"sleep", "1000"}, "HostConfig": map[string]any{"NetworkMode": "none"},
		"Labels": map[string]string{"label": label},
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
	proxy.ErrorLog = log.New(io.Discard, "", 0) // an inspect that waits for a container's lock is given up, which is no news
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
	return processorTime(b, d.cmd.Process.Pid)
}

func processorTime(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
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
