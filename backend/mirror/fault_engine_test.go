package mirror

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// proxied is a world around a real daemon behind a proxy, which lists everything at the start of a connection only.
func proxied(t *testing.T, change ...func(*world)) (*enginetest.Daemon, *enginetest.Proxy, *world) {
	t.Helper()
	d := enginetest.Start(t)
	p := enginetest.NewProxy(t, d)
	w := newWorld(t, dialDocker)
	never(w)
	for _, c := range change {
		c(w)
	}
	w.begin(p.Endpoint())
	w.awaitReason(app.ReasonConnected)
	return d, p, w
}

// unchanged says which of the objects before have been written since.
func (w *world) unchanged(before map[string]string) string {
	now := w.versions()
	maps.DeleteFunc(now, func(name, _ string) bool { _, had := before[name]; return !had })
	return cmp.Diff(before, now)
}

func TestKilledEngineThatLostThingsLeavesNoGhosts(t *testing.T) {
	d, p, w := proxied(t)
	newBare(d).fill(t, 100)
	d.Docker(t, "volume", "create", "goes")
	d.Docker(t, "volume", "create", "stays")
	d.Docker(t, "tag", enginetest.Image, "goes:1")
	w.agrees(d)
	before, versions := uids(w.containers()), w.versions()

	d.Kill(t)
	w.awaitReason(app.ReasonReconnecting)
	p.Refuse() // what happens from here on is seen by nobody
	d.Restart(t)
	all := strings.Fields(d.Docker(t, "ps", "-aq", "--no-trunc"))
	gone, kept := all[:50], all[50:]
	d.Docker(t, append([]string{"rm"}, gone...)...)
	d.Docker(t, "volume", "rm", "goes")
	d.Docker(t, "rmi", "goes:1")
	if diff := w.unchanged(versions); diff != "" {
		t.Errorf("while it was away: %s", diff)
	}
	p.Return(t)
	w.awaitReason(app.ReasonConnected)
	w.agrees(d)
	after := w.containers()
	if len(after) != len(kept) {
		t.Errorf("%d containers are left, want %d", len(after), len(kept))
	}
	for _, id := range kept {
		if after[id].UID != before[id] || after[id].ResourceVersion != versions["container "+id] {
			t.Errorf("container %s was written, or made again, though nothing happened to it", id)
		}
	}
}

func TestEngineThatEndsAndReturnsIsFollowed(t *testing.T) {
	type engineProxy struct {
		*enginetest.Daemon
		*enginetest.Proxy
	}
	for name, c := range map[string]struct{ end, back func(*testing.T, engineProxy) }{
		"stopped gracefully": {
			func(t *testing.T, e engineProxy) { e.Stop(t) },
			func(t *testing.T, e engineProxy) { e.Restart(t) },
		},
		"socket refuses": {
			func(_ *testing.T, e engineProxy) { e.Refuse() },
			func(t *testing.T, e engineProxy) { e.Return(t) },
		},
		"socket gone and made again": {
			func(_ *testing.T, e engineProxy) { e.Vanish() },
			func(t *testing.T, e engineProxy) { e.Return(t) },
		},
		"accepts and answers nothing": {
			func(_ *testing.T, e engineProxy) { e.Mute() },
			func(_ *testing.T, e engineProxy) { e.Proxy.Thaw() },
		},
		"half-open": {
			func(_ *testing.T, e engineProxy) { e.Proxy.Freeze() },
			func(_ *testing.T, e engineProxy) { e.Proxy.Thaw() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, p, w := proxied(t)
			e := engineProxy{d, p}
			stays := d.Docker(t, "create", "--network", "none", enginetest.Image, "true")
			runs := d.Docker(t, "run", "-d", "--restart", "always", "--network", "none", "--stop-signal", "KILL", enginetest.Image, "sleep", "1000")
			w.agrees(d)
			before, versions := uids(w.containers()), w.versions()
			c.end(t, e)
			w.awaitReason(app.ReasonReconnecting)
			if diff := w.unchanged(versions); diff != "" && name != "stopped gracefully" { // whose containers end before it
				t.Errorf("while it is away: %s", diff)
			}
			c.back(t, e)
			w.awaitReason(app.ReasonConnected)
			w.agrees(d)
			after := w.containers()
			if after[stays].UID != before[stays] || after[runs].UID != before[runs] || after[stays].ResourceVersion != versions["container "+stays] {
				t.Errorf("identities or versions have changed: %+v", after)
			}
		})
	}
}

func TestStreamThatIsCutAgainAndAgainLosesAndWritesNothing(t *testing.T) {
	d, p, w := proxied(t)
	d.Docker(t, "create", "--network", "none", "--expose", "80", "-v", "data:/data", enginetest.Image, "true")
	d.Docker(t, "run", "-d", "--network", "host", enginetest.Image, "sleep", "1000")
	d.Docker(t, "run", "--network", "none", enginetest.Image, "true")
	w.agrees(d)
	versions := w.versions()
	for range 5 {
		streams, lists := p.Calls("^/events$"), p.Calls("^/containers/json$")
		if p.CutEvents() != 1 {
			t.Fatal("the mirror listens by one stream")
		}
		w.eventually("a new stream and a new list", func() bool {
			return p.Calls("^/events$") > streams && p.Calls("^/containers/json$") > lists && w.ready().Reason == app.ReasonConnected
		})
		w.agrees(d)
	}
	w.quiet(p)
	if diff := cmp.Diff(versions, w.versions()); diff != "" {
		t.Errorf("written though nothing has changed: %s", diff)
	}
	var cutting, working sync.WaitGroup
	done := make(chan struct{})
	cutting.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(30 * time.Millisecond):
				p.CutEvents()
			}
		}
	})
	for n := range 3 {
		working.Go(func() {
			for i := range 5 {
				name := fmt.Sprintf("cut-%d-%d", n, i)
				_, _ = d.TryDocker(t, "run", "-d", "--network", "none", "-v", name+":/v", "--name", name, enginetest.Image, "true")
				_, _ = d.TryDocker(t, "tag", enginetest.Image, fmt.Sprintf("cut:%d", i))
				if i%2 == 0 {
					_, _ = d.TryDocker(t, "rm", "-fv", name)
				}
			}
		})
	}
	working.Wait()
	close(done)
	cutting.Wait()
	w.agrees(d)
}

// quiet waits until an engine is asked for signs of life only: three in a row without another call.
func (w *world) quiet(p *enginetest.Proxy) {
	w.t.Helper()
	const ping = "^/_ping$"
	w.eventually("an engine that is left alone", func() bool {
		pings, others := p.Calls(ping), p.Calls(".")-p.Calls(ping)
		w.eventually("signs of life", func() bool { return p.Calls(ping) >= pings+3 })
		return p.Calls(".")-p.Calls(ping) == others
	})
}

func TestSettledEngineIsAskedForSignsOfLifeOnly(t *testing.T) {
	d, p, w := proxied(t, func(w *world) { w.mirror.pace.heartbeat = 500 * time.Millisecond })
	d.Docker(t, "run", "-d", "--network", "none", "--health-cmd", "true", "--health-interval", "200ms", enginetest.Image, "sleep", "1000")
	d.Docker(t, "run", "--network", "none", enginetest.Image, "true")
	d.Docker(t, "volume", "create", "data")
	w.agrees(d)
	w.eventually("health", func() bool {
		return slices.ContainsFunc(slices.Collect(maps.Values(w.containers())), func(c containers.Container) bool {
			return c.Status.Health == containers.HealthHealthy
		})
	})
	w.quiet(p) // although each check of the health makes three events
	w.agrees(d)
}

func TestStuckInspectOnTheWireHoldsUpNobody(t *testing.T) {
	d, p, w := proxied(t)
	run := []string{"run", "-d", "--network", "none", "--stop-signal", "KILL", enginetest.Image, "sleep", "1000"}
	stuck, other := d.Docker(t, run...), d.Docker(t, run...)
	w.agrees(d)
	release := make(chan struct{})
	heal := p.Inject(enginetest.Fault{Path: regexp.MustCompile("^/containers/" + stuck + "/json$"), Until: release})
	is := func(id string, s containers.State) func() bool {
		return func() bool { return w.containers()[id].Status.Status == s }
	}
	d.Docker(t, "pause", stuck)
	w.eventually("the stuck container, from a list", is(stuck, containers.StatePaused))
	for range 3 {
		d.Docker(t, "stop", other)
		w.eventually("the other's stop", is(other, containers.StateExited))
		d.Docker(t, "start", other)
		w.eventually("the other's start", is(other, containers.StateRunning))
	}
	if w.ready().Reason != app.ReasonConnected {
		t.Errorf("one container that is stuck is no lost engine: %+v", w.ready())
	}
	heal()
	close(release)
	w.agrees(d)
}

func TestSlowEngineIsFollowed(t *testing.T) {
	d, p, w := proxied(t)
	p.Trickle(256, time.Millisecond)
	id := d.Docker(t, "run", "-d", "--network", "none", "--stop-signal", "KILL", enginetest.Image, "sleep", "1000")
	d.Docker(t, "stop", id)
	d.Docker(t, "volume", "create", "data")
	w.agrees(d)
}
