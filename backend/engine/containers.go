package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/url"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

const (
	// parallelInspects is how many inspects one read sends at once: more would only queue in the engine.
	parallelInspects = 8
	// inspectDeadline ends the wait for a container whose lock the engine does not get hold of.
	inspectDeadline = 2 * time.Second

	allContainers = "/containers/json?all=1"
)

// ContainerRecord is what an engine says of one container, without what the API's other writers own.
type ContainerRecord struct {
	containers.ContainerStatus
	// Partial says that the record comes from a list alone. Lists lack path, arguments, error, OOM, restart count and
	// policy, pid, the times of start and end, and the ports that are exposed only; the exit code is there.
	Partial bool
	// Text is that of the list's entry; an inspect has none.
	Text Fingerprint
	// Err says that the engine's words about this container could not be read. No more than ID is to be used then.
	Err error
}

// Fingerprint stands for the text in which a list tells of one container. It is good for one client only.
type Fingerprint uint64

// ListContainers reads the containers of these IDs, or all, with one call. The records are Partial.
// A list takes no container's lock, so that none can hold it up.
func (c *Client) ListContainers(ctx context.Context, ids ...string) ([]ContainerRecord, error) {
	path := allContainers
	if len(ids) > 0 {
		filters, err := json.Marshal(map[string][]string{"id": ids})
		if err != nil {
			return nil, err
		}
		path += "&filters=" + url.QueryEscape(string(filters))
	}
	return c.listContainers(ctx, path, func(Fingerprint) bool { return false })
}

// ListNewContainers reads all containers with one call, as ListContainers does, but for those whose text is known: they
// are left out, and spared what most of the time of reading a list goes into. An engine writes how long a container has
// been up, in the coarsest of units, so that most texts of a quiet engine stay the same for hours.
func (c *Client) ListNewContainers(ctx context.Context, known func(Fingerprint) bool) ([]ContainerRecord, error) {
	return c.listContainers(ctx, allContainers, known)
}

func (c *Client) listContainers(ctx context.Context, path string, known func(Fingerprint) bool) ([]ContainerRecord, error) {
	var found []ContainerRecord
	err := c.read(ctx, path, func(r io.Reader) (err error) {
		found, err = decodeContainers(r, func(text []byte) Fingerprint { return Fingerprint(maphash.Bytes(c.seed, text)) }, known)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list containers: %w", err)
	}
	return found, nil
}

// InspectContainer reads all about one container. It waits for the container's lock, for as long as ctx lasts.
func (c *Client) InspectContainer(ctx context.Context, id string) (ContainerRecord, error) {
	name, err := segment(id)
	if err != nil {
		return ContainerRecord{}, fmt.Errorf("inspect container %s: %w", short(id), err)
	}
	var found ContainerRecord
	err = c.read(ctx, "/containers/"+name+"/json", func(r io.Reader) (err error) {
		found, err = decodeContainer(r)
		return err
	})
	if err != nil {
		return ContainerRecord{}, fmt.Errorf("inspect container %s: %w", short(id), err)
	}
	return found, nil
}

// Containers reads all about the containers of these IDs, or all: one list, and an inspect for each, a few at a time.
// Containers that are gone are left out. One that an inspect cannot get hold of in time comes as the list had it.
func (c *Client) Containers(ctx context.Context, ids ...string) ([]ContainerRecord, error) {
	listed, err := c.ListContainers(ctx, ids...)
	if err != nil {
		return nil, err
	}
	gone := make([]bool, len(listed))
	var g errgroup.Group
	g.SetLimit(parallelInspects)
	for i := range listed {
		if listed[i].Err != nil {
			continue
		}
		g.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, inspectDeadline)
			defer cancel()
			full, err := c.InspectContainer(ctx, listed[i].ID)
			switch {
			case err == nil:
				listed[i] = full
			case errors.Is(err, ErrNotFound):
				gone[i] = true
			}
			return nil // the list's word stands
		})
	}
	_ = g.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	kept := listed[:0]
	for i, r := range listed {
		if !gone[i] {
			kept = append(kept, r)
		}
	}
	return kept, nil
}

// each runs read for every name, a few at a time, and gives what was found in the order of names.
func each[R any](ctx context.Context, names []string, read func(context.Context, string) ([]R, error)) ([]R, error) {
	var mu sync.Mutex // guards found
	found := make([][]R, len(names))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelInspects)
	for i, name := range names {
		g.Go(func() error {
			rs, err := read(ctx, name)
			if errors.Is(err, ErrNotFound) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			found[i] = rs
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found...), nil
}
