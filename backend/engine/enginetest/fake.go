package enginetest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fake is an engine that says what a test has it say, for what no real one can be made to say. It lies through a
// Proxy, so that all that a Proxy can do wrong can go wrong here, too.
type Fake struct {
	*Proxy

	mu         sync.Mutex // guards below
	ahead      time.Duration
	containers map[string]FakeContainer
	answers    map[string]any
	said       []saying
	more       chan struct{} // closed when something has been said, and replaced
}

// saying is one line of the stream of events.
type saying struct {
	at   time.Time
	line string
}

// FakeContainer is a container of a Fake.
type FakeContainer struct {
	ID, Name, State string
	ExitCode        int
	Labels          map[string]string
	// List and Inspect are said beyond that, or instead, in the engine's own words.
	List, Inspect Object
}

// Object is JSON.
type Object = map[string]any

// FakeImage is the ID of the one image that a Fake has.
const FakeImage = "sha256:abababababababababababababababababababababababababababababababab"

// FakeID is what looks like a container's ID.
func FakeID(n int) string { return fmt.Sprintf("%064x", n) }

// NewFake runs a fake until the test has ended. It has one image and nothing else.
func NewFake(t testing.TB) *Fake {
	t.Helper()
	f := &Fake{
		containers: map[string]FakeContainer{}, more: make(chan struct{}),
		answers: map[string]any{
			"/_ping":       "OK",
			"/version":     Object{"Version": "28.0.0", "ApiVersion": "1.48", "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64"},
			"/images/json": []Object{{"Id": FakeImage, "RepoTags": []string{"app:latest"}, "Created": 1700000000, "Size": 1 << 20}},
			"/images/" + FakeImage + "/json": Object{
				"Id": FakeImage, "RepoTags": []string{"app:latest"}, "Created": "2023-11-14T22:13:20Z", "Size": 1 << 20,
			},
			"/volumes":  Object{"Volumes": []Object{}},
			"/networks": []Object{},
		},
	}
	f.Proxy = serve(t, f)
	return f
}

// Put makes or changes containers without a word.
func (f *Fake) Put(all ...FakeContainer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range all {
		f.containers[c.ID] = c
	}
}

// Take removes a container without a word.
func (f *Fake) Take(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.containers, id)
}

// Answer has a path, without the version before it, answer with this JSON, or with this text.
func (f *Fake) Answer(path string, body any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[path] = body
}

// SetClock has the fake's clock run ahead of the machine's, or behind.
func (f *Fake) SetClock(ahead time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ahead = ahead
}

// Tell says an event.
func (f *Fake) Tell(kind, action, id string) {
	event, _ := json.Marshal(Object{"Type": kind, "Action": action, "Actor": Object{"ID": id, "Attributes": Object{}}})
	f.Say(string(event) + "\n")
}

// Say writes any text to the stream of events, and keeps it for those who ask for the past.
func (f *Fake) Say(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said = append(f.said, saying{f.clock(), text})
	close(f.more)
	f.more = make(chan struct{})
}

// clock is the engine's; mu is held.
func (f *Fake) clock() time.Time { return time.Now().Add(f.ahead) }

// ServeHTTP answers as an engine does.
func (f *Fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.48")
	w.Header().Set("Content-Type", "application/json")
	path := version.ReplaceAllString(r.URL.Path, "/")
	if path == "/events" {
		f.stream(w, r)
		return
	}
	switch body := f.answer(path, r).(type) {
	case nil:
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, `{"message":"there is no `+path+`"}`)
	case string:
		_, _ = io.WriteString(w, body)
	default:
		_ = json.NewEncoder(w).Encode(body)
	}
}

func (f *Fake) answer(path string, r *http.Request) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fixed, ok := f.answers[path]; ok {
		return fixed
	}
	switch path {
	case "/info":
		return Object{
			"SystemTime": f.clock().Format(time.RFC3339Nano), "Driver": "overlay2", "ServerVersion": "28.0.0",
			"OSType": "linux", "Architecture": "x86_64",
		}
	case "/containers/json":
		var filters struct{ ID []string }
		_ = json.Unmarshal([]byte(r.URL.Query().Get("filters")), &filters)
		all := []Object{}
		for _, id := range slices.Sorted(maps.Keys(f.containers)) {
			if len(filters.ID) == 0 || slices.Contains(filters.ID, id) {
				all = append(all, f.containers[id].list())
			}
		}
		return all
	}
	id := strings.TrimSuffix(strings.TrimPrefix(path, "/containers/"), "/json")
	if c, ok := f.containers[id]; ok && path == "/containers/"+id+"/json" {
		return c.inspect()
	}
	return nil
}

func (c FakeContainer) list() Object {
	status := "Up 3 minutes"
	if c.State == "exited" {
		status = fmt.Sprintf("Exited (%d) 2 minutes ago", c.ExitCode)
	}
	said := Object{
		"Id": c.ID, "Names": []string{"/" + c.Name}, "Image": "app:latest", "ImageID": FakeImage, "Created": 1700000000,
		"State": c.State, "Status": status, "Labels": c.Labels, "Mounts": nil, "Ports": nil, "NetworkSettings": nil,
	}
	maps.Copy(said, c.List)
	return said
}

func (c FakeContainer) inspect() Object {
	said := Object{
		"Id": c.ID, "Name": "/" + c.Name, "Created": "2023-11-14T22:13:20Z", "Path": "/bin/app", "Args": []string{"serve"}, "Image": FakeImage,
		"State":           Object{"Status": c.State, "ExitCode": c.ExitCode, "StartedAt": "2023-11-14T22:13:21Z", "FinishedAt": "0001-01-01T00:00:00Z"},
		"HostConfig":      Object{"RestartPolicy": Object{"Name": "no"}},
		"Config":          Object{"Image": "app:latest", "Labels": c.Labels},
		"NetworkSettings": nil, "Mounts": nil,
	}
	maps.Copy(said, c.Inspect)
	return said
}

// stream says what was said since the moment that is asked for, and what is said from now on.
func (f *Fake) stream(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusOK)
	_ = http.NewResponseController(w).Flush()
	since := time.Now().Add(time.Hour * 24 * 365) // without a word about it the past is not told
	if seconds, err := strconv.ParseFloat(r.URL.Query().Get("since"), 64); err == nil {
		since = time.UnixMicro(int64(seconds * 1e6))
	}
	f.mu.Lock()
	next := len(f.said)
	for next > 0 && !f.said[next-1].at.Before(since) {
		next--
	}
	f.mu.Unlock()
	for {
		f.mu.Lock()
		news, more := f.said[next:], f.more
		f.mu.Unlock()
		next += len(news)
		for _, s := range news {
			if _, err := io.WriteString(w, s.line); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
		}
		select {
		case <-more:
		case <-r.Context().Done():
			return
		}
	}
}
