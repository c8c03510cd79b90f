package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// bare is the floor: the least that a Go program can do to talk to the engine.
type bare struct{ http http.Client }

func newBare(endpoint string) *bare {
	socket := strings.TrimPrefix(endpoint, "unix://")
	var d net.Dialer
	return &bare{http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", socket) },
	}}}
}

func (e *bare) call(ctx context.Context, method, path string, in any) ([]byte, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := e.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %s", method, path, res.Status, out)
	}
	return out, err
}

// fill brings the engine to n created containers.
func (e *bare) fill(b *testing.B, n int) {
	b.Helper()
	out, err := e.call(b.Context(), http.MethodGet, "/containers/json?all=1", nil)
	if err != nil {
		b.Fatal(err)
	}
	var have []struct{}
	if err := json.Unmarshal(out, &have); err != nil {
		b.Fatal(err)
	}
	g, ctx := errgroup.WithContext(b.Context())
	g.SetLimit(4)
	for range n - len(have) {
		g.Go(func() error {
			_, err := e.call(ctx, http.MethodPost, "/containers/create", map[string]any{
				"Image": "busybox:latest", "Cmd": []string{"true"}, "HostConfig": map[string]any{"NetworkMode": "none"},
				"Labels": map[string]string{"com.docker.compose.project": "bench", "com.docker.compose.service": "filler"},
			})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}

// lists times the two list calls that any full sync must make.
func (e *bare) lists(b *testing.B) time.Duration {
	b.Helper()
	start := time.Now()
	for _, path := range []string{"/containers/json?all=1", "/images/json"} {
		if _, err := e.call(b.Context(), http.MethodGet, path, nil); err != nil {
			b.Fatal(err)
		}
	}
	return time.Since(start)
}

// seen remembers when each key first arrived at a listener.
type seen struct {
	mu sync.Mutex // guards at
	at map[string]time.Time
}

func newSeen() *seen { return &seen{at: map[string]time.Time{}} }

func (s *seen) note(key string) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.at[key]; !ok {
		s.at[key] = now
	}
}

func (s *seen) when(key string) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.at[key]
	return t, ok
}

// listen is the bare listener: it notes the name of each volume that the engine says was created.
func (e *bare) listen(b *testing.B, s *seen) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, "http://engine/events", http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	res, err := e.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	go func() {
		defer res.Body.Close()
		for dec := json.NewDecoder(res.Body); ; {
			var ev struct {
				Type, Action string
				Actor        struct{ ID string }
			}
			if dec.Decode(&ev) != nil {
				return
			}
			if ev.Type == "volume" && ev.Action == "create" {
				s.note(ev.Actor.ID)
			}
		}
	}()
}
