package mirror

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// fake is an engine that does what a test tells it, also what a real one can hardly be brought to do.
type fake struct {
	mu         sync.Mutex // guards below
	containers map[string]engine.ContainerRecord
	images     []engine.ImageRecord
	volumes    map[string]engine.VolumeRecord
	networks   map[string]engine.NetworkRecord
	stuck      map[string]chan struct{} // inspects of these wait
	down       bool                     // nothing can be reached
	silent     bool                     // nothing is answered
	calls      map[string]int
	entries    int // of lists that were read because they were new
	streams    map[*stream]bool
}

type stream struct {
	observe func(engine.Key)
	cut     chan struct{}
}

func newFake() *fake {
	return &fake{
		containers: map[string]engine.ContainerRecord{}, volumes: map[string]engine.VolumeRecord{}, networks: map[string]engine.NetworkRecord{},
		stuck: map[string]chan struct{}{}, calls: map[string]int{}, streams: map[*stream]bool{},
	}
}

// id makes what looks like a container's ID.
func id(n int) string { return fmt.Sprintf("%064x", n) }

func containerKey(n int) engine.Key { return engine.Key{Kind: engine.KindContainer, ID: id(n)} }

// set changes the engine without a word.
func (f *fake) set(change func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fake) setContainer(n int, s containers.State, change ...func(*containers.ContainerStatus)) {
	f.set(func(f *fake) {
		r := engine.ContainerRecord{ContainerStatus: containers.ContainerStatus{
			ID: id(n), Name: fmt.Sprintf("c%d", n), Namespace: "moby", Image: "busybox:latest", Status: s, Path: "sleep", Args: []string{"1"}, RestartPolicy: "no",
		}}
		for _, c := range change {
			c(&r.ContainerStatus)
		}
		f.containers[r.ID] = r
	})
}

// tell sends an event to whoever listens.
func (f *fake) tell(keys ...engine.Key) {
	f.mu.Lock()
	streams := slices.Collect(maps.Keys(f.streams))
	f.mu.Unlock()
	for _, s := range streams {
		for _, k := range keys {
			s.observe(k)
		}
	}
}

// cut ends all streams.
func (f *fake) cut() {
	f.set(func(f *fake) {
		for s := range f.streams {
			close(s.cut)
			delete(f.streams, s)
		}
	})
}

func (f *fake) count(call string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[call]
}

// enter is the beginning of every call.
func (f *fake) enter(ctx context.Context, call string) error {
	f.mu.Lock()
	f.calls[call]++
	down, silent := f.down, f.silent
	f.mu.Unlock()
	if silent {
		<-ctx.Done()
		return ctx.Err()
	}
	if down {
		return fmt.Errorf("%s: %w", call, engine.ErrUnavailable)
	}
	return ctx.Err()
}

func (f *fake) Ping(ctx context.Context) error { return f.enter(ctx, "ping") }

func (f *fake) Close() error { return nil }

func (f *fake) Info(ctx context.Context) (engine.Info, error) {
	return engine.Info{Version: "20.10.24", APIVersion: "1.41", Platform: "linux/amd64", StorageDriver: "overlay2", Now: time.Now()}, f.enter(ctx, "info")
}

func (f *fake) Events(ctx context.Context, _ time.Time, observe func(engine.Key)) error {
	if err := f.enter(ctx, "events"); err != nil {
		return err
	}
	s := &stream{observe: observe, cut: make(chan struct{})}
	f.set(func(f *fake) { f.streams[s] = true })
	defer f.set(func(f *fake) { delete(f.streams, s) })
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.cut:
		return io.ErrUnexpectedEOF
	}
}

func (f *fake) ListContainers(ctx context.Context, ids ...string) ([]engine.ContainerRecord, error) {
	if err := f.enter(ctx, "list containers"); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []engine.ContainerRecord
	for _, key := range slices.Sorted(maps.Keys(f.containers)) {
		r := f.containers[key]
		if len(ids) > 0 && !slices.Contains(ids, r.ID) {
			continue
		}
		r.Partial = true
		r.Path, r.Args, r.Error, r.OOMKilled, r.RestartCount, r.RestartPolicy, r.Pid, r.StartedAt, r.FinishedAt = "", nil, "", false, 0, "", 0, nil, nil
		if r.Status != containers.StateExited {
			r.ExitCode = 0
		}
		all = append(all, r)
	}
	return all, nil
}

// ListNewContainers takes a record's own look for its text.
func (f *fake) ListNewContainers(ctx context.Context, known func(engine.Fingerprint) bool) ([]engine.ContainerRecord, error) {
	all, err := f.ListContainers(ctx)
	news := all[:0]
	for _, r := range all {
		text := fnv.New64a()
		fmt.Fprintf(text, "%+v", r)
		if r.Text = engine.Fingerprint(text.Sum64()); !known(r.Text) {
			news = append(news, r)
		}
	}
	f.set(func(f *fake) { f.entries += len(news) })
	return news, err
}

func (f *fake) InspectContainer(ctx context.Context, id string) (engine.ContainerRecord, error) {
	if err := f.enter(ctx, "inspect container"); err != nil {
		return engine.ContainerRecord{}, err
	}
	f.mu.Lock()
	stuck := f.stuck[id]
	f.mu.Unlock()
	if stuck != nil {
		select {
		case <-stuck:
		case <-ctx.Done():
			return engine.ContainerRecord{}, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r, ok := f.containers[id]
	if !ok {
		return r, fmt.Errorf("inspect: %w", engine.ErrNotFound)
	}
	return r, r.Err
}

func (f *fake) Images(ctx context.Context, ids ...string) ([]engine.ImageRecord, error) {
	call := "list images"
	if len(ids) > 0 {
		call = "inspect image"
	}
	if err := f.enter(ctx, call); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []engine.ImageRecord
	for _, r := range f.images {
		if len(ids) == 0 || slices.Contains(ids, r.ID) || slices.Contains(ids, r.RepoTag) {
			all = append(all, r)
		}
	}
	return all, nil
}

func (f *fake) Volumes(ctx context.Context, names ...string) ([]engine.VolumeRecord, error) {
	call := "list volumes"
	if len(names) > 0 {
		call = "inspect volume"
	}
	if err := f.enter(ctx, call); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []engine.VolumeRecord
	for _, name := range slices.Sorted(maps.Keys(f.volumes)) {
		if len(names) == 0 || slices.Contains(names, name) {
			all = append(all, f.volumes[name])
		}
	}
	return all, nil
}

func (f *fake) Networks(ctx context.Context, ids ...string) ([]engine.NetworkRecord, error) {
	call := "list networks"
	if len(ids) > 0 {
		call = "inspect network"
	}
	if err := f.enter(ctx, call); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []engine.NetworkRecord
	for _, id := range slices.Sorted(maps.Keys(f.networks)) {
		r := f.networks[id]
		if len(ids) == 0 {
			r.Partial, r.Members = true, nil
		}
		if len(ids) == 0 || slices.Contains(ids, id) {
			all = append(all, r)
		}
	}
	return all, nil
}

func (f *fake) setNetwork(id, name string, members ...containers.NetworkMember) {
	f.set(func(f *fake) {
		f.networks[id] = engine.NetworkRecord{NetworkStatus: containers.NetworkStatus{ID: id, Name: name, Namespace: "moby", Driver: "bridge", Members: members}}
	})
}

// setImages says which image has which tags.
func (f *fake) setImages(tags map[string][]string) {
	f.set(func(f *fake) {
		f.images = nil
		for _, id := range slices.Sorted(maps.Keys(tags)) {
			s := containers.ImageStatus{ID: id, Namespace: "moby", RepoTags: tags[id], Size: 1}
			if len(tags[id]) == 0 {
				s.Dangling = true
				f.images = append(f.images, engine.ImageRecord{ImageStatus: s})
			}
			for _, tag := range tags[id] {
				s.RepoTag = tag
				f.images = append(f.images, engine.ImageRecord{ImageStatus: s})
			}
		}
	})
}

func (f *fake) setVolume(name string) {
	f.set(func(f *fake) {
		f.volumes[name] = engine.VolumeRecord{VolumeStatus: containers.VolumeStatus{Name: name, Namespace: "moby", Driver: "local"}}
	})
}

var _ Engine = (*fake)(nil)

func TestFakeAnswersAsItIsTold(t *testing.T) {
	f := newFake()
	f.setContainer(1, containers.StateExited, func(s *containers.ContainerStatus) { s.ExitCode, s.Pid = 3, 4 })
	listed, err := f.ListContainers(t.Context())
	if err != nil || len(listed) != 1 || listed[0].Path != "" || listed[0].ExitCode != 3 {
		t.Errorf("%+v, %v", listed, err)
	}
}
