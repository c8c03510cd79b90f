package engine_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start gives a daemon and a client of it.
func start(t *testing.T) (*enginetest.Daemon, *engine.Client) {
	t.Helper()
	d := enginetest.Start(t)
	return d, dial(t, d.Endpoint())
}

func dial(t *testing.T, endpoint string) *engine.Client {
	t.Helper()
	c, err := engine.Dial(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// eventually waits for what a real engine does in its own time.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); <-time.After(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 20 s", what)
		}
	}
}

func one(t *testing.T, c *engine.Client, id string) engine.ContainerRecord {
	t.Helper()
	found, err := c.Containers(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Partial || found[0].Err != nil {
		t.Fatalf("container %s: %+v", id, found)
	}
	return found[0]
}

func TestDialTakesUnixAndTCPAndSaysWhyNotTheRest(t *testing.T) {
	for endpoint, want := range map[string]string{
		"unix:///run/docker.sock":   "",
		"tcp://127.0.0.1:2375":      "",
		"unix://":                   "names no socket",
		"tcp://127.0.0.1":           "names no port",
		"ssh://me@host":             "over ssh",
		"https://host:2376":         "wants TLS",
		"npipe:////./pipe/docker":   "none that Berth knows",
		"":                          "none that Berth knows",
		"unix:///run/%zz/docker.so": "read the engine's address",
	} {
		c, err := engine.Dial(endpoint)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", endpoint, err)
				continue
			}
			_ = c.Close()
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want something with %q", endpoint, err, want)
		}
	}
}

func TestNobodyThereIsUnavailable(t *testing.T) {
	c := dial(t, "unix:///nowhere/docker.sock")
	_, listErr := c.ListContainers(t.Context())
	for name, err := range map[string]error{
		"ping":  c.Ping(t.Context()),
		"list":  listErr,
		"start": c.StartContainer(t.Context(), "x"),
	} {
		if !errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInfoDescribesTheEngineByItsOwnClock(t *testing.T) {
	_, c := start(t)
	info, err := c.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.Version == "" || info.APIVersion == "" || !strings.HasPrefix(info.Platform, "linux/") || info.StorageDriver == "" ||
		time.Since(info.Now).Abs() > time.Minute {
		t.Errorf("%+v", info)
	}
}

func TestContainerIsToldInEachState(t *testing.T) {
	d, c := start(t)
	id := d.Docker(t, "create", "--network", "none", "--name", "web", "--restart", "on-failure:3", "--stop-signal", "KILL",
		"--expose", "443/tcp", "--expose", "53/udp", "--expose", "80", "-v", "data:/data", "-v", "/etc:/host:ro",
		"--label", "com.docker.compose.project=shop", "--label", "com.docker.compose.service=front",
		"--label", "x=\"><img onerror>\u202e\x1b]0;t\a", enginetest.Image, "sleep", "1000")
	created := one(t, c, id)
	want := containers.ContainerStatus{
		ID: id, Name: "web", Namespace: "moby", Image: enginetest.Image, Path: "sleep", Args: []string{"1000"},
		Ports: []containers.Port{
			{Name: "53/udp", Port: 53, Protocol: "udp"},
			{Name: "80/tcp", Port: 80, Protocol: "tcp"},
			{Name: "443/tcp", Port: 443, Protocol: "tcp"},
		},
		Labels: map[string]string{
			"com.docker.compose.project": "shop", "com.docker.compose.service": "front",
			"x": "\"><img onerror>\u202e\x1b]0;t\a",
		},
		ComposeProject: "shop", ComposeService: "front", Status: containers.StateCreated, RestartPolicy: "on-failure",
		Mounts: []containers.Mount{
			{Destination: "/data", Type: "volume", Name: "data"},
			{Destination: "/host", Type: "bind", Source: "/etc", ReadOnly: true},
		},
	}
	got := created.ContainerStatus
	if got.CreatedAt == nil || got.ImageID == "" || got.Mounts[0].Source == "" {
		t.Errorf("incomplete: %+v", got)
	}
	got.CreatedAt, got.ImageID, got.Mounts[0].Source, got.Networks = nil, "", "", nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, step := range []struct {
		do   func(context.Context, string) error
		want containers.State
	}{
		{c.StartContainer, containers.StateRunning},
		{c.StartContainer, containers.StateRunning},
		{c.PauseContainer, containers.StatePaused},
		{c.UnpauseContainer, containers.StateRunning},
		{c.RestartContainer, containers.StateRunning},
		{c.KillContainer, containers.StateExited},
		{c.StartContainer, containers.StateRunning},
		{c.StopContainer, containers.StateExited},
		{c.StopContainer, containers.StateExited},
	} {
		if err := step.do(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		eventually(t, "state "+string(step.want), func() bool { return one(t, c, id).Status == step.want })
	}
	ended := one(t, c, id)
	if ended.ExitCode != 137 || ended.Pid != 0 || ended.StartedAt == nil || ended.FinishedAt == nil {
		t.Errorf("ended: %+v", ended)
	}
	listed, err := c.ListContainers(t.Context(), id)
	if err != nil || len(listed) != 1 || !listed[0].Partial || listed[0].ExitCode != 137 {
		t.Errorf("a list says %+v, %v", listed, err)
	}
	if err := c.RemoveContainer(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if left, err := c.Containers(t.Context(), id); err != nil || len(left) != 0 {
		t.Errorf("after the removal: %+v, %v", left, err)
	}
}

func TestFailedStartKeepsItsError(t *testing.T) {
	d, c := start(t)
	id := d.Docker(t, "create", "--network", "none", enginetest.Image, "no-such-program")
	if err := c.StartContainer(t.Context(), id); err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("start said %v", err)
	}
	got := one(t, c, id)
	if got.Status != containers.StateCreated || got.ExitCode != 127 || !strings.Contains(got.Error, "no-such-program") {
		t.Errorf("%+v", got.ContainerStatus)
	}
}

func TestErrorsTellNotFoundFromConflict(t *testing.T) {
	d, c := start(t)
	id := d.Docker(t, "run", "-d", "--network", "none", "-v", "used:/v", enginetest.Image, "sleep", "1000")
	imageID, err := c.ImageIDOf(t.Context(), enginetest.Image)
	if err != nil {
		t.Fatal(err)
	}
	_, inspectErr := c.InspectContainer(t.Context(), "nothing")
	_, refErr := c.ImageIDOf(t.Context(), "nothing:here")
	_, dotsErr := c.ImageIDOf(t.Context(), "../containers/json")
	for name, tc := range map[string]struct{ err, want error }{
		"inspect nothing":      {inspectErr, engine.ErrNotFound},
		"unknown reference":    {refErr, engine.ErrNotFound},
		"path for a reference": {dotsErr, engine.ErrNotFound},
		"start nothing":        {c.StartContainer(t.Context(), "nothing"), engine.ErrNotFound},
		"remove nothing":       {c.RemoveContainer(t.Context(), "nothing"), engine.ErrNotFound},
		"remove no volume":     {c.RemoveVolume(t.Context(), "nothing"), engine.ErrNotFound},
		"remove no image":      {c.RemoveImage(t.Context(), "nothing"), engine.ErrNotFound},
		"unpause a running":    {c.UnpauseContainer(t.Context(), id), nil},
		"volume in use":        {c.RemoveVolume(t.Context(), "used"), engine.ErrConflict},
		"image in use":         {c.RemoveImage(t.Context(), imageID), engine.ErrConflict},
	} {
		if tc.err == nil || tc.want != nil && !errors.Is(tc.err, tc.want) || strings.Contains(tc.err.Error(), "Error response from daemon") {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
}

func TestImageIsToldOncePerTag(t *testing.T) {
	d, c := start(t)
	id, err := c.ImageIDOf(t.Context(), enginetest.Image)
	if err != nil {
		t.Fatal(err)
	}
	d.Docker(t, "tag", enginetest.Image, "host.example:5000/team/app:v1")
	d.Import(t, "other:1", "LABEL a=b")
	d.Import(t, "other:1", "LABEL a=c") // takes the tag from the image before
	listed, err := c.Images(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tags := map[string][]engine.ImageRecord{}
	var ids []string
	for _, r := range listed {
		tags[r.RepoTag] = append(tags[r.RepoTag], r)
		if !slices.Contains(ids, r.ID) {
			ids = append(ids, r.ID)
		}
	}
	for tag, want := range map[string]map[string]string{
		enginetest.Image: nil, "host.example:5000/team/app:v1": nil, "other:1": {"a": "c"}, "": {"a": "b"},
	} {
		if len(tags[tag]) != 1 || cmp.Diff(want, tags[tag][0].Labels) != "" || tags[tag][0].Dangling != (tag == "") {
			t.Errorf("tag %q: %+v", tag, tags[tag])
		}
	}
	if got := tags[enginetest.Image][0]; got.ID != id || got.Size == 0 || got.CreatedAt == nil ||
		!slices.Equal(got.RepoTags, []string{enginetest.Image, "host.example:5000/team/app:v1"}) {
		t.Errorf("%+v", got)
	}
	inspected, err := c.Images(t.Context(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	for i := range inspected {
		inspected[i].Size = listed[i].Size // which may be counted otherwise: see versions.go
	}
	if diff := cmp.Diff(listed, inspected); diff != "" {
		t.Errorf("a list and an inspect do not say the same: %s", diff)
	}
	if err := c.RemoveImage(t.Context(), "host.example:5000/team/app:v1"); err != nil {
		t.Fatal(err)
	}
	if left, err := c.Images(t.Context(), id); err != nil || len(left) != 1 {
		t.Errorf("after the untag: %+v, %v", left, err)
	}
}

func TestVolumeIsToldAlikeByListAndInspect(t *testing.T) {
	d, c := start(t)
	d.Docker(t, "volume", "create", "--label", "a=b", "first")
	d.Docker(t, "volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "first-of-two")
	listed, err := c.Volumes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range listed {
		names = append(names, v.Name)
	}
	inspected, err := c.Volumes(t.Context(), append(names, "gone")...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(listed, inspected); diff != "" || len(listed) != 2 {
		t.Error(diff)
	}
	if only, err := c.Volumes(t.Context(), "first"); err != nil || len(only) != 1 || only[0].Labels["a"] != "b" || only[0].CreatedAt == nil {
		t.Errorf("%+v, %v", only, err)
	}
	if err := c.RemoveVolume(t.Context(), "first"); err != nil {
		t.Error(err)
	}
}

func TestEventsNameWhatChangedSinceAMoment(t *testing.T) {
	d, c := start(t)
	info, err := c.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.Docker(t, "volume", "create", "before") // is replayed
	var mu sync.Mutex
	seen := map[engine.Key]int{}
	ended := make(chan error, 1)
	go func() {
		ended <- c.Events(t.Context(), info.Now, func(k engine.Key) {
			mu.Lock()
			defer mu.Unlock()
			seen[k]++
		})
	}()
	saw := func(k engine.Key) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return seen[k] > 0
		}
	}
	eventually(t, "the replay", saw(engine.Key{Kind: engine.KindVolume, ID: "before"}))
	imageID, err := c.ImageIDOf(t.Context(), enginetest.Image)
	if err != nil {
		t.Fatal(err)
	}
	d.Docker(t, "tag", enginetest.Image, "again:1")
	eventually(t, "the tag", saw(engine.Key{Kind: engine.KindImage, ID: imageID}))
	id := d.Docker(t, "create", "--network", "none", "--label", "container=liar", enginetest.Image, "no-such-program")
	eventually(t, "the creation", saw(engine.Key{Kind: engine.KindContainer, ID: id}))
	mu.Lock()
	clear(seen)
	mu.Unlock()
	_, _ = d.TryDocker(t, "start", id)
	eventually(t, "the failed start", saw(engine.Key{Kind: engine.KindContainer, ID: id}))
	d.Stop(t)
	if err := <-ended; !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("the stream ended with %v", err)
	}
}

func TestPoolKeepsOneClientPerEndpoint(t *testing.T) {
	p := engine.NewPool(engine.Dial)
	a, err := p.Get("unix:///a.sock")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := p.Get("unix:///a.sock")
	other, _ := p.Get("unix:///b.sock")
	if a != again || a == other {
		t.Error("one client per endpoint was promised")
	}
	if _, err := p.Get("ssh://x"); err == nil {
		t.Error("an endpoint that cannot be dialled is an error")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}
