package mirror

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// bare is the least that a Go program can do to talk to an engine: the floor of every figure here.
type bare struct{ http.Client }

func newBare(d *enginetest.Daemon) *bare {
	var dialer net.Dialer
	return &bare{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", d.Socket())
		},
	}}}
}

func (e *bare) call(ctx context.Context, method, path string, body string) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := e.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s: %s", path, said)
	}
	return err
}

// fill makes containers, four at a time, in the state created.
func (e *bare) fill(b testing.TB, n int) {
	b.Helper()
	g, ctx := errgroup.WithContext(b.Context())
	g.SetLimit(4)
	for i := range n {
		g.Go(func() error {
			return e.call(ctx, http.MethodPost, fmt.Sprintf("/containers/create?name=filler-%d", i),
				`{"Image":"busybox:latest","Cmd":["true"],"HostConfig":{"NetworkMode":"none"},"Labels":{"com.docker.compose.project":"bench"}}`)
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}

// fillImages makes small images of one tag each.
func (e *bare) fillImages(b *testing.B, n int) {
	b.Helper()
	var layer bytes.Buffer
	w := tar.NewWriter(&layer)
	if err := w.WriteHeader(&tar.Header{Name: "empty/", Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
		b.Fatal(err)
	}
	_ = w.Close()
	g, ctx := errgroup.WithContext(b.Context())
	g.SetLimit(4)
	for i := range n {
		g.Go(func() error {
			return e.call(ctx, http.MethodPost, fmt.Sprintf("/images/create?fromSrc=-&repo=filler&tag=%d&changes=LABEL+n%%3D%d", i, i), layer.String())
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}

// sightings remembers when each name was first seen.
type sightings struct {
	mu sync.Mutex // guards at
	at map[string]time.Time
}

func (s *sightings) note(name string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.at[name]; !ok && name != "" {
		s.at[name] = now
	}
}

func (s *sightings) await(b *testing.B, name string) time.Time {
	b.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); <-time.After(100 * time.Microsecond) {
		s.mu.Lock()
		at, ok := s.at[name]
		s.mu.Unlock()
		if ok {
			return at
		}
	}
	b.Fatalf("%s was never seen", name)
	return time.Time{}
}

// follow decodes a stream of JSON and notes the names that name finds in it.
func follow[T any](b *testing.B, client *http.Client, url string, name func(T) string) *sightings {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		b.Fatalf("%s: %s", url, res.Status)
	}
	s := &sightings{at: map[string]time.Time{}}
	var ended sync.WaitGroup
	ended.Go(func() {
		defer res.Body.Close()
		for dec := json.NewDecoder(res.Body); ; {
			var v T
			if dec.Decode(&v) != nil {
				return
			}
			s.note(name(v))
		}
	})
	b.Cleanup(func() { _ = res.Body.Close(); ended.Wait() })
	return s
}

func quantile(ds []time.Duration, q float64) float64 {
	slices.Sort(ds)
	return float64(ds[min(int(q*float64(len(ds))), len(ds)-1)].Microseconds()) / 1000
}

// BenchmarkEventToWatch measures from the engine's event to the API's over TLS, beside a bare listener that hears the
// same events in the same run: "above" is how much later the API's watch has it.
func BenchmarkEventToWatch(b *testing.B) {
	for _, n := range []int{0, 100} {
		b.Run(fmt.Sprintf("containers=%d", n), func(b *testing.B) {
			d := enginetest.Start(b)
			floor := newBare(d)
			floor.fill(b, n)
			w := newWorld(b, dialDocker)
			w.watched.Store(true)
			w.begin(d.Endpoint())
			w.awaitReason(app.ReasonConnected)
			client, host := overTLS(b, w.kubeconfig)
			type event struct {
				Action string
				Actor  struct {
					ID         string
					Attributes struct{ Name string }
				}
			}
			type change struct {
				Object struct{ Status struct{ Name string } }
			}
			heard := follow(b, &floor.Client, "http://engine/events", func(e event) string {
				if e.Action == "rename" {
					return e.Actor.Attributes.Name
				}
				return e.Actor.ID
			})
			watch := host + "/apis/containers.berth.desktop/v1alpha1/namespaces/" + namespace + "/%s?watch=1"
			name := func(c change) string { return c.Object.Status.Name }
			rows := follow(b, client, fmt.Sprintf(watch, "containers"), name)
			volumes := follow(b, client, fmt.Sprintf(watch, "volumes"), name)
			id := d.Docker(b, "create", "--network", "none", "--name", "start", enginetest.Image, "true")
			for b.Loop() {
				measure(b, "rename", heard, rows, func(name string) error {
					return floor.call(b.Context(), http.MethodPost, "/containers/"+id+"/rename?name="+name, "")
				})
				measure(b, "volume", heard, volumes, func(name string) error {
					return floor.call(b.Context(), http.MethodPost, "/volumes/create", `{"Name":"`+name+`"}`)
				})
			}
			b.ReportMetric(0, "ns/op") // says nothing here
		})
	}
}

func measure(b *testing.B, what string, heard, seen *sightings, do func(name string) error) {
	b.Helper()
	const samples = 200
	var above, floor []time.Duration
	for i := range samples {
		name := fmt.Sprintf("%s-%d-%d", what, i, time.Now().UnixNano())
		begun := time.Now()
		if err := do(name); err != nil {
			b.Fatal(err)
		}
		row, event := seen.await(b, name), heard.await(b, name)
		above, floor = append(above, row.Sub(event)), append(floor, event.Sub(begun))
	}
	b.ReportMetric(quantile(above, .5), what+"-above-p50-ms")
	b.ReportMetric(quantile(above, .99), what+"-above-p99-ms")
	b.ReportMetric(quantile(floor, .5), what+"-bare-p50-ms")
	b.ReportMetric(quantile(floor, .99), what+"-bare-p99-ms")
}

func overTLS(b *testing.B, kubeconfig string) (client *http.Client, host string) {
	b.Helper()
	text, err := os.ReadFile(kubeconfig)
	if err != nil {
		b.Fatal(err)
	}
	cfg, err := clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		b.Fatal(err)
	}
	if client, err = rest.HTTPClientFor(cfg); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.CloseIdleConnections)
	return client, strings.TrimSuffix(cfg.Host, "/")
}

// BenchmarkFirstSync measures from a machine that runs to ContainerEngineReady, and to the last detail, with a
// thousand containers and five hundred images, beside the two lists that anybody would need; and from a cut of
// the stream of events, after which nothing has changed, to ContainerEngineReady again.
func BenchmarkFirstSync(b *testing.B) {
	d := enginetest.Start(b)
	floor := newBare(d)
	floor.fillImages(b, 500)
	floor.fill(b, 1000)
	var syncs, details, resyncs, lists []time.Duration
	for b.Loop() {
		begun := time.Now()
		for _, path := range []string{"/containers/json?all=1", "/images/json"} {
			if err := floor.call(b.Context(), http.MethodGet, path, ""); err != nil {
				b.Fatal(err)
			}
		}
		lists = append(lists, time.Since(begun))
		sync, detail, resync := firstSync(b, d)
		syncs, details, resyncs = append(syncs, sync), append(details, detail), append(resyncs, resync)
	}
	b.ReportMetric(quantile(syncs, .5), "ready-p50-ms")
	b.ReportMetric(quantile(details, .5), "details-p50-ms")
	b.ReportMetric(quantile(resyncs, .5), "resync-after-cut-p50-ms")
	b.ReportMetric(quantile(lists, .5), "bare-lists-p50-ms")
}

// cuttable is an engine whose stream of events ends at each cut.
type cuttable struct {
	Engine
	cuts chan struct{}
}

func (c cuttable) Events(ctx context.Context, since time.Time, observe func(engine.Key)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-c.cuts:
			cancel()
		case <-ctx.Done():
		}
	}()
	return c.Engine.Events(ctx, since, observe)
}

func firstSync(b *testing.B, d *enginetest.Daemon) (ready, details, resync time.Duration) {
	b.Helper()
	cuts := make(chan struct{})
	w := newWorld(b, func(endpoint string) (Engine, error) {
		e, err := dialDocker(endpoint)
		return cuttable{e, cuts}, err
	})
	w.run()
	w.createApp()
	b.StartTimer()
	begun := time.Now()
	w.machineRuns(d.Endpoint())
	w.awaitReason(app.ReasonConnected)
	ready = time.Since(begun)
	b.StopTimer()
	w.eventually("the details", func() bool {
		<-time.After(20 * time.Millisecond) // to look is not free either
		for _, c := range w.containers() {
			if c.Status.Path == "" {
				return false
			}
		}
		return true
	})
	details = time.Since(begun)
	begun = time.Now()
	cuts <- struct{}{}
	w.awaitReason(app.ReasonReconnecting)
	w.awaitReason(app.ReasonConnected)
	resync = time.Since(begun)
	b.StartTimer()
	return ready, details, resync
}

// BenchmarkStorm measures how far the mirror is behind after ten seconds of a hundred and twenty events a second.
func BenchmarkStorm(b *testing.B) {
	d := enginetest.Start(b)
	floor := newBare(d)
	floor.fillImages(b, 500)
	w := newWorld(b, dialDocker)
	w.begin(d.Endpoint())
	w.awaitReason(app.ReasonConnected)
	var lags []time.Duration
	for i := 0; b.Loop(); i++ {
		lags = append(lags, stormLag(b, w, floor, i))
	}
	b.ReportMetric(quantile(lags, .5), "lag-p50-ms")
	b.ReportMetric(0, "ns/op") // says nothing here
}

func stormLag(b *testing.B, w *world, floor *bare, round int) time.Duration {
	b.Helper()
	const seconds, perSecond = 10, 120
	tick := time.NewTicker(2 * time.Second / perSecond)
	defer tick.Stop()
	for i := range seconds * perSecond / 2 {
		<-tick.C
		tag := fmt.Sprintf("t%d-%d", round, i)
		if err := floor.call(b.Context(), http.MethodPost, "/images/filler:7/tag?repo=storm&tag="+tag, ""); err != nil {
			b.Fatal(err)
		}
		if err := floor.call(b.Context(), http.MethodDelete, "/images/storm:"+tag, ""); err != nil {
			b.Fatal(err)
		}
	}
	begun := time.Now()
	last := fmt.Sprintf("storm:last%d", round)
	if err := floor.call(b.Context(), http.MethodPost, fmt.Sprintf("/images/filler:7/tag?repo=storm&tag=last%d", round), ""); err != nil {
		b.Fatal(err)
	}
	w.eventually("the last tag", func() bool { return w.images()[last] != "" })
	return time.Since(begun)
}
