package mirror

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// withDocker is a world around a real daemon, with the pace that users get.
func withDocker(t *testing.T, d *enginetest.Daemon, endpoint string) *world {
	t.Helper()
	w := newWorld(t, dialDocker)
	w.begin(endpoint)
	w.awaitReason(app.ReasonConnected)
	w.agrees(d)
	return w
}

func dialDocker(endpoint string) (Engine, error) { return engine.Dial(endpoint) }

// agrees is the oracle of all tests with a real daemon: soon after quiet the mirror equals what the engine lists and
// inspects, in every field that the mirror writes.
func (w *world) agrees(d interface{ Endpoint() string }) {
	w.t.Helper()
	c, err := engine.Dial(d.Endpoint())
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	var diff string
	for end := time.Now().Add(time.Minute); ; <-time.After(10 * time.Millisecond) {
		if diff = w.disagreement(c); diff == "" {
			return
		}
		if time.Now().After(end) {
			w.t.Fatalf("the mirror is not what the engine says: %s", diff)
		}
	}
}

func (w *world) disagreement(c *engine.Client) string {
	w.t.Helper()
	wantContainers, err := c.Containers(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	wantImages, err := c.Images(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	wantVolumes, err := c.Volumes(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	want, got := map[string]any{}, map[string]any{}
	byImage, byVolume := map[string][]string{}, map[string][]string{}
	for _, r := range wantContainers {
		want["container "+r.ID] = r.ContainerStatus
		byImage[r.ImageID] = append(byImage[r.ImageID], r.Name)
		for _, m := range r.Mounts {
			if m.Type == "volume" {
				byVolume[m.Name] = append(byVolume[m.Name], r.Name)
			}
		}
	}
	for name, c := range w.containers() {
		s := c.Status
		s.Conditions, s.LastAction, s.ObservedGeneration = nil, nil, 0
		got["container "+name] = s
	}
	for _, r := range wantImages {
		r.InUseBy = sorted(byImage[r.ID])
		want["image "+containers.ImageName(r.ID, r.RepoTag)] = r.ImageStatus
	}
	images, err := w.cfg.Images.List(w.t.Context(), namespace)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, i := range images {
		i.Status.Conditions = nil
		got["image "+i.Name] = i.Status
	}
	for _, r := range wantVolumes {
		r.InUseBy = sorted(byVolume[r.Name])
		want["volume "+r.Name] = r.VolumeStatus
	}
	for name, v := range w.volumes() {
		v.Status.Conditions = nil
		got["volume "+name] = v.Status
	}
	w.addNetworks(c, want, got)
	return cmp.Diff(want, got, cmp.Comparer(func(a, b metav1.Time) bool { return a.Equal(&b) }))
}

func (w *world) addNetworks(c *engine.Client, want, got map[string]any) {
	w.t.Helper()
	listed, err := c.Networks(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	ids := make([]string, len(listed))
	for i, r := range listed {
		ids[i] = r.ID
	}
	all, err := c.Networks(w.t.Context(), ids...)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, r := range all {
		want["network "+r.ID] = r.NetworkStatus
	}
	for name, n := range w.networks() {
		n.Status.Conditions = nil
		got["network "+name] = n.Status
	}
}

func sorted(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func TestWhatTheDockerCLIDoesIsSeen(t *testing.T) {
	d := enginetest.Start(t)
	d.Docker(t, "volume", "create", "before")
	old := d.Docker(t, "create", "--network", "none", enginetest.Image, "true")
	w := withDocker(t, d, d.Endpoint())
	if _, ok := w.containers()[old]; !ok {
		t.Error("what was there before is missing")
	}
	web := d.Docker(t, "run", "-d", "--network", "none", "--name", "web", "--stop-signal", "KILL", "--expose", "80", "-v", "data:/data",
		"--label", "evil=\"><img onerror>\u202e\x1b]0;t\a", enginetest.Image, "sleep", "1000")
	w.agrees(d)
	if got := w.containers()[web].Status; got.Status != containers.StateRunning || got.Pid == 0 || len(got.Ports) != 1 {
		t.Errorf("%+v", got)
	}
	for _, step := range [][]string{
		{"pause", "web"},
		{"unpause", "web"},
		{"rename", "web", "site"},
		{"update", "--restart", "always", "site"},
		{"stop", "site"},
		{"rm", "site"},
		{"tag", enginetest.Image, "again:1"},
		{"tag", enginetest.Image, "again:2"},
		{"rmi", "again:1"},
		{"volume", "rm", "data"},
		{"run", "--rm", "--network", "none", enginetest.Image, "true"},
		{"commit", old},
		{"volume", "prune", "-f"},
		{"image", "prune", "-f"},
		{"container", "prune", "-f"},
	} {
		d.Docker(t, step...)
		w.agrees(d)
	}
	if _, ok := w.containers()[web]; ok {
		t.Error("a container that was removed is still there")
	}
}

func TestFailedStartIsSeen(t *testing.T) {
	d := enginetest.Start(t)
	w := withDocker(t, d, d.Endpoint())
	for _, network := range []string{"none", "host"} {
		id := d.Docker(t, "create", "--network", network, enginetest.Image, "no-such-program")
		_, _ = d.TryDocker(t, "start", id)
		w.eventually("the error", func() bool {
			s := w.containers()[id].Status
			return s.Status == containers.StateCreated && s.ExitCode == 127 && strings.Contains(s.Error, "no-such-program")
		})
	}
	w.agrees(d)
}

func TestMovedTagIsSeen(t *testing.T) {
	d := enginetest.Start(t)
	w := withDocker(t, d, d.Endpoint())
	for n := range 3 {
		d.Import(t, "moving:1", fmt.Sprintf("LABEL n=%d", n))
		w.agrees(d)
	}
	if got := w.images(); len(got) != 4 { // busybox, the newest, and two without a tag
		t.Errorf("%v", got)
	}
	d.Docker(t, "tag", enginetest.Image, "moving:1") // between known images
	w.agrees(d)
}

func TestUnchangedEngineIsReadWithoutAWrite(t *testing.T) {
	d := enginetest.Start(t)
	d.Docker(t, "run", "-d", "--network", "none", "--expose", "80", "-v", "data:/data", "-v", "/anonymous", enginetest.Image, "sleep", "1000")
	d.Docker(t, "run", "-d", "--network", "host", "--health-cmd", "true", "--health-interval", "1s", enginetest.Image, "sleep", "1000")
	d.Docker(t, "run", "--network", "none", "--name", "gone", enginetest.Image, "true")
	d.Docker(t, "create", "--network", "none", enginetest.Image, "true")
	w := newWorld(t, dialDocker)
	w.mirror.pace.watched, w.mirror.pace.idle = 50*time.Millisecond, 50*time.Millisecond
	w.begin(d.Endpoint())
	w.awaitReason(app.ReasonConnected)
	w.eventually("health", func() bool {
		for _, c := range w.containers() {
			if c.Status.Health == containers.HealthHealthy {
				return true
			}
		}
		return false
	})
	w.agrees(d)
	before := w.versions()
	time.AfterFunc(time.Second, func() { w.mirror.report.set(func(s *state) { s.message = "a second has passed" }) })
	w.eventually("a second of relists", func() bool { return w.ready().Message == "a second has passed" })
	if diff := cmp.Diff(before, w.versions()); diff != "" {
		t.Errorf("written without need: %s", diff)
	}
}

func TestKilledDaemonKeepsTheRowsUntilItIsBack(t *testing.T) {
	d := enginetest.Start(t)
	d.Docker(t, "run", "-d", "--network", "none", "--stop-signal", "KILL", enginetest.Image, "sleep", "1000")
	stays := d.Docker(t, "create", "--network", "none", enginetest.Image, "true")
	goes := d.Docker(t, "run", "-d", "--rm", "--network", "none", "--stop-signal", "KILL", enginetest.Image, "sleep", "1000")
	w := withDocker(t, d, d.Endpoint())
	before := uids(w.containers())
	d.Kill(t)
	w.awaitReason(app.ReasonReconnecting)
	if diff := cmp.Diff(before, uids(w.containers())); diff != "" {
		t.Errorf("while it is away: %s", diff)
	}
	d.Restart(t)
	w.awaitReason(app.ReasonConnected)
	w.agrees(d)
	after := uids(w.containers())
	if before[stays] != after[stays] {
		t.Error("a container that stayed got a new identity")
	}
	if _, ok := after[goes]; ok {
		t.Log("the engine kept a container that was to remove itself") // its own affair: agrees has compared
	}
	d.Stop(t)
	w.awaitReason(app.ReasonReconnecting)
	d.Restart(t)
	w.awaitReason(app.ReasonConnected)
	w.agrees(d)
}

func TestFrozenDaemonIsNoticed(t *testing.T) {
	d := enginetest.Start(t)
	w := withDocker(t, d, d.Endpoint())
	begun := time.Now()
	d.Freeze(t)
	w.awaitReason(app.ReasonReconnecting)
	t.Logf("noticed after %v", time.Since(begun))
	d.Thaw(t)
	w.awaitReason(app.ReasonConnected)
	w.agrees(d)
}

func TestCutConnectionIsMadeAgain(t *testing.T) {
	d := enginetest.Start(t)
	p := enginetest.NewProxy(t, d)
	w := withDocker(t, d, p.Endpoint())
	id := d.Docker(t, "run", "-d", "--network", "none", "--stop-signal", "KILL", enginetest.Image, "sleep", "1000")
	w.agrees(d)
	before := uids(w.containers())
	p.Refuse()
	d.Docker(t, "stop", id)
	w.awaitReason(app.ReasonReconnecting)
	p.Return(t)
	w.awaitReason(app.ReasonConnected)
	w.agrees(d)
	if diff := cmp.Diff(before, uids(w.containers())); diff != "" {
		t.Error(diff)
	}
}

func TestStormOfARealEngineEndsInAgreement(t *testing.T) {
	d := enginetest.Start(t)
	w := withDocker(t, d, d.Endpoint())
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 6 {
				name := fmt.Sprintf("storm-%d-%d", n, i)
				_, _ = d.TryDocker(t, "run", "-d", "--rm", "--network", "none", "-v", name+":/v", "--name", name, "--stop-signal", "KILL", enginetest.Image, "sleep", fmt.Sprint(i%2))
				_, _ = d.TryDocker(t, "tag", enginetest.Image, fmt.Sprintf("storm:%d", i))
				_, _ = d.TryDocker(t, "rm", "-f", name)
				if i%2 == 0 {
					_, _ = d.TryDocker(t, "volume", "rm", name)
				}
				_, _ = d.TryDocker(t, "rmi", fmt.Sprintf("storm:%d", i-1))
			}
		})
	}
	all.Wait()
	w.agrees(d)
}
