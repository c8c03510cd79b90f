package mirror

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// lied is a world around an engine that lies, which lists everything at the start of a connection only.
func lied(t *testing.T, f *enginetest.Fake, change ...func(*world)) *world {
	t.Helper()
	w := newWorld(t, dialDocker)
	never(w)
	w.mirror.pace.retry = 100 * time.Millisecond
	for _, c := range change {
		c(w)
	}
	w.begin(f.Endpoint())
	w.awaitReason(app.ReasonConnected)
	return w
}

// someContainers is a fake with five containers.
func someContainers(t *testing.T) *enginetest.Fake {
	t.Helper()
	f := enginetest.NewFake(t)
	for n := range 5 {
		f.Put(enginetest.FakeContainer{ID: enginetest.FakeID(n), Name: "c" + enginetest.FakeID(n)[60:], State: "running"})
	}
	return f
}

func TestEngineThatTalksNonsenseCostsNoRow(t *testing.T) {
	half := func(b []byte) []byte { return b[:len(b)/2] }
	text := func(s string) func([]byte) []byte { return func([]byte) []byte { return []byte(s) } }
	for name, fault := range map[string]enginetest.Fault{
		"half of it":           {Edit: half},
		"half, and a cut":      {Edit: half, Break: true},
		"a page":               {Edit: text("<html>busy</html>"), Type: "text/html"},
		"nothing":              {Edit: text("")},
		"a list of numbers":    {Edit: text("[1,2,3]")},
		"an object":            {Edit: text("{}")},
		"a message with a 200": {Edit: text(`{"message":"soon"}`)},
		"bytes":                {Edit: text("\x00\xff\xfe"), Type: "application/octet-stream"},
		"too many requests":    {Status: 429},
		"an error":             {Status: 500},
		"not available":        {Status: 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := someContainers(t)
			f.Answer("/volumes", enginetest.Object{"Volumes": []enginetest.Object{{"Name": "data", "Driver": "local"}}})
			f.Answer("/networks", []enginetest.Object{{"Id": "n", "Name": "bridge"}})
			f.Answer("/networks/n", enginetest.Object{"Id": "n", "Name": "bridge"})
			f.Answer("/volumes/data", enginetest.Object{"Name": "data", "Driver": "local"})
			w := lied(t, f)
			w.agrees(f)
			before := w.versions()
			fault.Path = regexp.MustCompile(`^/(containers/json|images/json|volumes|networks)$`)
			heal := f.Inject(fault)
			f.CutEvents()
			w.awaitReason(app.ReasonReconnecting)
			attempts := f.Calls("^/containers/json$")
			w.eventually("more attempts", func() bool { return f.Calls("^/containers/json$") > attempts+1 })
			if diff := cmp.Diff(before, w.versions()); diff != "" {
				t.Errorf("what was not observed is shown: %s", diff)
			}
			heal()
			w.awaitReason(app.ReasonConnected)
			w.agrees(f)
			w.eventually("the retries to end", func() bool { return cmp.Equal(before, w.versions()) })
		})
	}
}

func TestContainerThatIsNotToldWellCostsNoOther(t *testing.T) {
	one, other := enginetest.FakeID(1), enginetest.FakeID(2)
	for name, edit := range map[string]func([]byte) []byte{
		"no JSON":      func([]byte) []byte { return []byte("<html>") },
		"half of it":   func(b []byte) []byte { return b[:len(b)/2] },
		"null":         func([]byte) []byte { return []byte("null") },
		"empty":        func([]byte) []byte { return []byte("{}") },
		"odd types":    func([]byte) []byte { return []byte(`{"Id":"` + one + `","State":"up","Config":[],"Args":"x"}`) },
		"another's ID": func([]byte) []byte { return []byte(`{"Id":"` + other + `","Name":"/x","State":{"Status":"exited"}}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := someContainers(t)
			w := lied(t, f)
			w.agrees(f)
			heal := f.Inject(enginetest.Fault{Path: regexp.MustCompile("^/containers/" + one + "/json$"), Edit: edit})
			f.Put(enginetest.FakeContainer{ID: one, Name: "one", State: "paused"}, enginetest.FakeContainer{ID: other, Name: "other", State: "exited", ExitCode: 3})
			f.Tell("container", "pause", one)
			f.Tell("container", "die", other)
			w.eventually("the other", func() bool {
				s := w.containers()[other].Status
				return s.Status == containers.StateExited && s.ExitCode == 3 && s.Name == "other"
			})
			if name != "another's ID" { // which reads as if the container were gone
				w.eventually("what the list says", func() bool { return w.containers()[one].Status.Status == containers.StatePaused })
			}
			heal()
			f.Tell("container", "unpause", one)
			w.agrees(f)
			if w.ready().Reason != app.ReasonConnected || f.Calls("^/events$") != 1 {
				t.Errorf("one container that is told badly is no lost engine: %+v", w.ready())
			}
		})
	}
}

func TestUnknownWordsAreTakenCalmly(t *testing.T) {
	f := enginetest.NewFake(t)
	w := lied(t, f)
	odd := []enginetest.FakeContainer{
		{ID: enginetest.FakeID(1), Name: "fine", State: "levitating"},
		{ID: enginetest.FakeID(2), Name: "", State: "running"}, // called "/"
		{ID: enginetest.FakeID(3), Name: "empty", State: "", Inspect: enginetest.Object{"State": nil, "Config": nil, "HostConfig": nil, "Args": nil, "Path": nil}},
		{
			ID: enginetest.FakeID(4), Name: "objects", State: "exited",
			Inspect: enginetest.Object{"Config": enginetest.Object{}, "HostConfig": enginetest.Object{}, "NetworkSettings": enginetest.Object{"Ports": nil, "Networks": enginetest.Object{"x": nil}}},
		},
		{ID: enginetest.FakeID(5), Name: "newer", State: "running", Inspect: enginetest.Object{"Sails": []int{1}, "ImageManifestDescriptor": enginetest.Object{"x": 1}}},
	}
	f.Put(odd...)
	for _, c := range odd {
		f.Tell("container", "levitate: quickly", c.ID)
	}
	f.Tell("moon", "rise", "m")
	f.Tell("container", "create", "")
	w.agrees(f)
	got := w.containers()
	for n, want := range map[int]struct {
		name  string
		state containers.State
	}{
		1: {"fine", containers.StateUnknown}, 2: {enginetest.FakeID(2)[:12], containers.StateRunning}, 3: {"empty", containers.StateUnknown},
		4: {"objects", containers.StateExited}, 5: {"newer", containers.StateRunning},
	} {
		if s := got[enginetest.FakeID(n)].Status; s.Name != want.name || s.Status != want.state {
			t.Errorf("container %d: %q, %s", n, s.Name, s.Status)
		}
	}
}

func TestEventsThatCannotBeReadLeadToAListAndToNoLostConnection(t *testing.T) {
	for name, said := range map[string]string{
		"no JSON":      "<html>\n",
		"half a line":  `{"Type":"container","Acti` + "\n",
		"100 MB":       `{"Type":"container","Action":"start","Actor":{"ID":"x","Attributes":{"label":"` + strings.Repeat("x", 100<<20) + `"}}}` + "\n",
		"null, number": "null\n1\n\"x\"\n[]\nx\n",
	} {
		t.Run(name, func(t *testing.T) {
			f := someContainers(t)
			w := lied(t, f)
			w.agrees(f)
			f.Take(enginetest.FakeID(1))
			f.Put(enginetest.FakeContainer{ID: enginetest.FakeID(9), Name: "nine", State: "running"})
			f.Say(said)
			w.agrees(f) // though no event told of either
			f.Put(enginetest.FakeContainer{ID: enginetest.FakeID(2), Name: "two", State: "exited"})
			f.Tell("container", "die", enginetest.FakeID(2))
			w.agrees(f)
			if n := f.Calls("^/events$"); n != 1 {
				t.Errorf("%d streams", n)
			}
		})
	}
}

func TestClockOfTheEngineIsItsOwn(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"an hour ahead": time.Hour, "an hour behind": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			f := someContainers(t)
			f.SetClock(ahead)
			w := lied(t, f)
			w.agrees(f)
			before := uids(w.containers())
			change := func(state string) {
				t.Helper()
				f.Put(enginetest.FakeContainer{ID: enginetest.FakeID(1), Name: "one", State: state})
				f.Tell("container", "any", enginetest.FakeID(1))
				w.agrees(f)
			}
			change("paused")
			for _, jump := range []time.Duration{-ahead, 0, ahead} { // while it is connected, and from one connection to the next
				f.SetClock(jump)
				change("running")
				streams := f.Calls("^/events$")
				f.CutEvents()
				w.eventually("a new stream", func() bool { return f.Calls("^/events$") > streams && w.ready().Reason == app.ReasonConnected })
				change("exited")
			}
			if diff := cmp.Diff(before, uids(w.containers())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAttemptsAtABrokenEngineBecomeRare(t *testing.T) {
	for name, path := range map[string]string{"who it is": "^/info$", "lists": "^/containers/json$", "events": "^/events$"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := someContainers(t)
			f.Inject(enginetest.Fault{Path: regexp.MustCompile(path), Status: 500})
			w := newWorld(t, dialDocker)
			begun := time.Now()
			w.begin(f.Endpoint())
			w.eventually("six attempts", func() bool { return f.Calls(path) >= 6 })
			if took := time.Since(begun); took < 2*time.Second { // 80 % of 100, 200, 400, 800 and 1600 ms
				t.Errorf("six attempts within %v", took)
			}
			f.Heal()
			w.awaitReason(app.ReasonConnected)
			w.agrees(f)
		})
	}
}

func TestSlowInspectsBringTheDetailsAllTheSame(t *testing.T) {
	f := someContainers(t)
	f.Inject(enginetest.Fault{Path: regexp.MustCompile("^/containers/[0-9a-f]+/json$"), Delay: 100 * time.Millisecond})
	w := lied(t, f, func(w *world) {
		w.mirror.pace.inspect, w.mirror.pace.heartbeat = 20*time.Millisecond, 200*time.Millisecond
	})
	w.agrees(f)
	f.Put(enginetest.FakeContainer{ID: enginetest.FakeID(1), Name: "one", State: "exited", ExitCode: 3})
	f.Tell("container", "die", enginetest.FakeID(1))
	w.agrees(f)
	w.quiet(f.Proxy) // what has been read is not asked for again and again
}

func TestFiveThousandContainersAreMirrored(t *testing.T) {
	f := enginetest.NewFake(t)
	const n = 5000
	for i := range n {
		f.Put(enginetest.FakeContainer{ID: enginetest.FakeID(i), Name: "c" + enginetest.FakeID(i)[58:], State: "running"})
	}
	w := lied(t, f)
	for i := range n / 10 {
		f.Take(enginetest.FakeID(i))
		f.Tell("container", "destroy", enginetest.FakeID(i))
	}
	w.eventually("4,500 containers in all detail", func() bool {
		all := w.containers()
		for _, c := range all {
			if c.Status.Path == "" {
				return false
			}
		}
		return len(all) == n-n/10
	})
	w.agrees(f)
}
