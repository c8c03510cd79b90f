package streams

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

const (
	// statsEvery is how often all containers are asked what they use.
	statsEvery = 2 * time.Second
	// statsFirst is how long the first sample waits for the second, without which no share of the processors is known.
	statsFirst = time.Second
	// statsDeadline leaves out a container that the engine does not let go of.
	statsDeadline = 5 * time.Second
	parallelStats = 8
)

// Stats answers with what one container uses.
func (s *Server) Stats(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	follow := q.flag("follow", false)
	if q.err != nil {
		return q.err
	}
	e, err := s.engine(r.Context(), c.Namespace)
	if err != nil {
		return err
	}
	out := newOutlet(w, -1)
	out.kind("application/x-ndjson")
	enc := json.NewEncoder(out)
	err = e.Stats(r.Context(), c.Name, func(u engine.Usage) error {
		if !follow && u.CPUPercent == nil {
			return nil // the next one is whole
		}
		if err := enc.Encode(u.Sample); err != nil {
			return err
		}
		if err := out.flush(); err != nil || follow {
			return err
		}
		return errEnough
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return refusal(err)
}

// AllStats answers with what all containers use that run in a namespace.
func (s *Server) AllStats(w http.ResponseWriter, r *http.Request, namespace *containers.ContainerNamespace) error {
	q := &asked{Values: r.URL.Query()}
	follow := q.flag("follow", false)
	if q.err != nil {
		return q.err
	}
	e, err := s.engine(r.Context(), namespace.Namespace)
	if err != nil {
		return err
	}
	out := newOutlet(w, -1)
	out.kind("application/x-ndjson")
	err = followAll(r.Context(), e, func(all []engine.Usage, first bool) error {
		if first && !follow {
			return nil
		}
		enc := json.NewEncoder(out)
		for _, u := range all {
			if err := enc.Encode(u.Sample); err != nil {
				return err
			}
		}
		if err := out.flush(); err != nil || follow {
			return err
		}
		return errEnough
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return refusal(err)
}

// followAll tells each, again and again, what all containers that run use.
func followAll(ctx context.Context, e *engine.Client, each func(all []engine.Usage, first bool) error) error {
	before := map[string]engine.Usage{}
	timer := time.NewTimer(statsFirst)
	defer timer.Stop()
	for first := true; ; first = false {
		all, err := sampleAll(ctx, e)
		if err != nil {
			return err
		}
		now := make(map[string]engine.Usage, len(all))
		for i := range all {
			if last, known := before[all[i].ID]; known {
				all[i].Since(last)
			}
			now[all[i].ID] = all[i]
		}
		before = now
		if err := each(all, first); err != nil {
			return err
		}
		select {
		case <-timer.C:
			timer.Reset(statsEvery)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// sampleAll leaves out those that do not answer, or stopped meanwhile.
func sampleAll(ctx context.Context, e *engine.Client) ([]engine.Usage, error) {
	listed, err := e.ListContainers(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex // guards found
	found := []engine.Usage{}
	var g errgroup.Group
	g.SetLimit(parallelStats)
	for _, c := range listed {
		if c.Err != nil || (c.Status != containers.StateRunning && c.Status != containers.StatePaused) {
			continue
		}
		g.Go(func() error {
			limited, cancel := context.WithTimeout(ctx, statsDeadline)
			defer cancel()
			u, err := e.Stat(limited, c.ID)
			if err != nil {
				return nil // one that is stuck or gone must not hide the others
			}
			mu.Lock()
			defer mu.Unlock()
			found = append(found, u)
			return nil
		})
	}
	_ = g.Wait() // none of them fails
	slices.SortFunc(found, func(a, b engine.Usage) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return found, ctx.Err()
}
