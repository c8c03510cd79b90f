package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// now is the moment at which the lists of these tests are printed.
func now() time.Time { return time.Unix(2_000_000, 0) }

func before(d time.Duration) *metav1.Time { return new(metav1.NewTime(now().Add(-d))) }

func TestLifeIsToldInDockersWords(t *testing.T) {
	for want, s := range map[string]containersv1.ContainerStatus{
		"Up 5 minutes":                          {Status: containersv1.StateRunning, StartedAt: before(5 * time.Minute)},
		"Up 2 hours (healthy)":                  {Status: containersv1.StateRunning, StartedAt: before(2 * time.Hour), Health: containersv1.HealthHealthy},
		"Up 9 seconds (health: starting)":       {Status: containersv1.StateRunning, StartedAt: before(9 * time.Second), Health: containersv1.HealthStarting},
		"Up 3 days (Paused)":                    {Status: containersv1.StatePaused, StartedAt: before(72 * time.Hour)},
		"Exited (137) About a minute ago":       {Status: containersv1.StateExited, ExitCode: 137, FinishedAt: before(time.Minute)},
		"Restarting (1) Less than a second ago": {Status: containersv1.StateRestarting, ExitCode: 1, FinishedAt: before(0)},
		"Created":                               {Status: containersv1.StateCreated},
		"Dead":                                  {Status: containersv1.StateDead},
		"Removal In Progress":                   {Status: containersv1.StateRemoving},
		"Unknown":                               {Status: containersv1.StateUnknown},
	} {
		if got := lifeOf(&s, now()); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPortsAreShownAsDockerShowsThem(t *testing.T) {
	got := portsOf([]containersv1.Port{
		{Name: "80/tcp", Bindings: []containersv1.PortBinding{{HostIP: "0.0.0.0", HostPort: 8080}, {HostIP: "::", HostPort: 8080}}},
		{Name: "443/tcp"},
		{Name: "53/udp", Bindings: []containersv1.PortBinding{{HostIP: "::1", HostPort: 53}}},
	})
	if want := "0.0.0.0:8080->80/tcp, :::8080->80/tcp, 443/tcp, [::1]:53->53/udp"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func sample() []containersv1.Container {
	old := containersv1.Container{Status: containersv1.ContainerStatus{
		ID: strings.Repeat("ab", 32), Name: "web", Image: "nginx:1", Path: "/docker-entrypoint.sh", Args: []string{"nginx", "-g"},
		Status: containersv1.StateRunning, CreatedAt: before(3 * time.Hour), StartedAt: before(2 * time.Hour),
	}}
	fresh := containersv1.Container{Status: containersv1.ContainerStatus{
		ID: strings.Repeat("cd", 32), Name: "job\x1b[2J", Image: "sha256:" + strings.Repeat("ef", 32), Path: "true",
		Status: containersv1.StateExited, CreatedAt: before(2 * time.Minute), FinishedAt: before(time.Minute),
	}}
	return []containersv1.Container{old, fresh}
}

func TestContainersArePrinted(t *testing.T) {
	long := strings.Repeat("ab", 32)
	for name, c := range map[string]struct {
		listing listing
		want    string
	}{
		"a table, newest first, short, harmless": {
			listing{format: format{kind: "table"}},
			"CONTAINER ID   IMAGE          COMMAND                  CREATED         STATUS                          PORTS     NAMES\n" +
				"cdcdcdcdcdcd   efefefefefef   \"true\"                   2 minutes ago   Exited (0) About a minute ago             job?[2J\n" +
				"abababababab   nginx:1        \"/docker-entrypoint.…\"   3 hours ago     Up 2 hours                                web\n",
		},
		"IDs only":       {listing{format: format{kind: "table"}, quiet: true}, "cdcdcdcdcdcd\nabababababab\n"},
		"whole IDs only": {listing{format: format{kind: "table"}, quiet: true, whole: true}, strings.Repeat("cd", 32) + "\n" + long + "\n"},
		"a template":     {parsed(t, "jsonpath={.items[*].status.status}"), "exited running\n"},
		"a bare path":    {parsed(t, "jsonpath=.items[1].status.name"), "web\n"},
		"a missing key":  {parsed(t, "jsonpath={.items[*].spec.colour}"), "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			cl := New(Config{Stdout: &out})
			if err := cl.printContainers(c.listing, sample(), now()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func parsed(t *testing.T, s string) listing {
	t.Helper()
	var l listing
	if err := l.Set(s); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestJSONAndYAMLAreTheAPIsOwnList(t *testing.T) {
	for kind, want := range map[string]string{"json": `"kind": "ContainerList"`, "yaml": "kind: ContainerList"} {
		var out bytes.Buffer
		cl := New(Config{Stdout: &out})
		if err := cl.printContainers(parsed(t, kind), sample(), now()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s has no %s:\n%s", kind, want, out.String())
		}
	}
}

func TestAnEmptyListHasItsTitles(t *testing.T) {
	var out bytes.Buffer
	cl := New(Config{Stdout: &out})
	if err := cl.printContainers(parsed(t, "table"), nil, now()); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(out.String()); got != "CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES" {
		t.Errorf("got %q", got)
	}
}

func TestFindAContainer(t *testing.T) {
	all := []container{
		{Status: containersv1.ContainerStatus{ID: "abc111", Name: "web"}},
		{Status: containersv1.ContainerStatus{ID: "abc222", Name: "db"}},
		{Status: containersv1.ContainerStatus{ID: "def333", Name: "abc"}},
	}
	for arg, want := range map[string]string{"web": "abc111", "abc222": "abc222", "abc2": "abc222", "abc": "def333", "d": "def333"} {
		got, err := find(all, arg)
		if err != nil || got.Status.ID != want {
			t.Errorf("%q: got %v, %v, want %s", arg, got, err, want)
		}
	}
	for arg, want := range map[string]string{"ab": "2 containers", "": "no container", "x": "no container"} {
		if _, err := find(all, arg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", arg, err, want)
		}
	}
}

func TestOnlyTheOutcomeOfOurOwnActionCounts(t *testing.T) {
	last := func(action containersv1.Action, state containersv1.ActionState, observed float64) *container {
		return &container{Status: containersv1.ContainerStatus{LastAction: &containersv1.LastAction{Action: action, State: state, ObservedAt: at(observed)}}}
	}
	const stop, done = containersv1.ActionStop, containersv1.ActionSucceeded
	for name, c := range map[string]struct {
		now, asked *container
		want       bool
	}{
		"none yet":            {&container{}, &container{}, false},
		"the one before ours": {last(stop, done, 1), last(stop, done, 1), false},
		"taken up":            {last(stop, containersv1.ActionPending, 2), last(stop, done, 1), false},
		"of another kind":     {last(containersv1.ActionStart, done, 2), last(stop, done, 1), false},
		"ours":                {last(stop, done, 2), last(stop, done, 1), true},
		"the first":           {last(stop, done, 1), &container{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := outcomeOf(c.now, c.asked, stop) != nil; got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestImagesAndVolumesArePrinted(t *testing.T) {
	var out bytes.Buffer
	cl := New(Config{Stdout: &out})
	images := []containersv1.Image{
		{Status: containersv1.ImageStatus{ID: "sha256:" + strings.Repeat("0a", 32), Size: 4_270_000, CreatedAt: before(time.Hour)}},
		{Status: containersv1.ImageStatus{ID: "sha256:" + strings.Repeat("0b", 32), RepoTag: "host:5000/a/b:v1", Size: 141_000_000, CreatedAt: before(time.Minute)}},
	}
	if err := cl.printImages(parsed(t, "table"), images, now()); err != nil {
		t.Fatal(err)
	}
	if err := cl.printVolumes(parsed(t, "table"), []containersv1.Volume{{Status: containersv1.VolumeStatus{Name: "data", Driver: "local"}}}); err != nil {
		t.Fatal(err)
	}
	want := "REPOSITORY      TAG       IMAGE ID       CREATED              SIZE\n" +
		"host:5000/a/b   v1        0b0b0b0b0b0b   About a minute ago   141MB\n" +
		"<none>          <none>    0a0a0a0a0a0a   About an hour ago    4.27MB\n" +
		"DRIVER    VOLUME NAME\n" +
		"local     data\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
