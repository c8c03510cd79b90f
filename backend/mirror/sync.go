package mirror

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/equality"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// writers is how many goroutines write the first read of a kind.
const writers = 2

// count is how far a first read is.
type count struct{ done, all atomic.Int64 }

// syncAll reads everything and brings all objects up to that. Nobody else writes meanwhile: the readers start later.
//
// Containers come from a list alone, which at a thousand of them takes a fifth of the time that their inspects take.
// What a list lacks is read right afterwards; until then those fields are empty, not guessed.
func (c *connection) syncAll(ctx context.Context) error {
	begun := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var n count
	go c.tell(ctx, &n)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.syncContainers(gctx, &n) })
	g.Go(func() error { return c.syncImages(gctx) })
	g.Go(func() error { return c.syncVolumes(gctx) })
	g.Go(func() error { return c.syncNetworks(gctx) })
	g.Go(func() error { return c.rows.ensureNamespace(gctx) })
	if err := g.Wait(); err != nil {
		return err
	}
	c.report.set(func(s *state) { *s = s.progress(int(n.done.Load()), int(n.all.Load())) })
	c.agree(begun)
	if c.events.Load() > replayed {
		c.gap.Store(true)
	}
	return nil
}

// tell reports how far a first read is until ctx ends.
func (c *connection) tell(ctx context.Context, n *count) {
	const often = 100 * time.Millisecond
	for sleep(ctx, often) {
		if all := n.all.Load(); all > 0 {
			c.report.set(func(s *state) { *s = s.progress(int(n.done.Load()), int(all)) })
		}
	}
}

func (c *connection) syncContainers(ctx context.Context, n *count) error {
	listed, had, err := c.listContainers(ctx)
	if err != nil {
		return err
	}
	n.all.Store(int64(len(listed)))
	for _, r := range listed {
		if r.Err == nil {
			c.uses.set(r.ID, useOf(&r.ContainerStatus))
		}
	}
	close(c.listed)
	var g errgroup.Group
	g.SetLimit(writers)
	for part := range slices.Chunk(listed, max(1, (len(listed)+writers-1)/writers)) {
		g.Go(func() error {
			for _, r := range part {
				c.syncContainer(ctx, had[r.ID], r)
				n.done.Add(1)
			}
			return nil
		})
	}
	_ = g.Wait()
	for _, r := range listed {
		delete(had, r.ID)
	}
	if slices.ContainsFunc(listed, func(r engine.ContainerRecord) bool { return r.Err != nil && r.ID == "" }) {
		keep(c, had)
	}
	return c.rows.containers.removeAll(ctx, had)
}

// keep leaves alone what a list does not hold, because some of it could not be read, not even its name. The next relist
// asks for each of them.
func keep[P any](c *connection, had map[string]P) {
	clear(had)
	c.gap.Store(true)
}

func (c *connection) listContainers(ctx context.Context) ([]engine.ContainerRecord, map[string]*containers.Container, error) {
	ctx, cancel := context.WithTimeout(ctx, listDeadline)
	defer cancel()
	listed, err := c.engine.ListContainers(ctx)
	if err != nil {
		return nil, nil, err
	}
	had, err := c.rows.containers.list(ctx)
	return listed, had, err
}

// syncContainer writes what a list says of one container if the object that there is, or is not, differs.
func (c *connection) syncContainer(ctx context.Context, had *containers.Container, r engine.ContainerRecord) {
	k := engine.Key{Kind: engine.KindContainer, ID: r.ID}
	err := r.Err
	switch {
	case err != nil:
	case had == nil:
		err = c.rows.containers.create(ctx, r.ID, func(obj *containers.Container) { mergeContainer(obj, r) })
	case differs(had, r):
		err = c.writeContainer(ctx, r)
	}
	if err != nil && ctx.Err() == nil {
		c.broken(k, err)
	}
	if r.Err == nil {
		c.containers.add(later, k)
	}
}

// differs says whether an object is not what a list says.
func differs(had *containers.Container, r engine.ContainerRecord) bool {
	now := &containers.Container{Spec: had.Spec, Status: had.Status} // merging clones what it changes
	mergeContainer(now, r)
	return lacksFinalizer(had) || !equality.Semantic.DeepEqual(had.Status, now.Status)
}

// knowUses waits for the first list of containers, which says who uses the other things.
func (c *connection) knowUses(ctx context.Context) error {
	select {
	case <-c.listed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *connection) syncVolumes(ctx context.Context) error {
	listed, had, err := c.listVolumes(ctx)
	if err != nil {
		return err
	}
	for _, r := range listed {
		name := containers.VolumeName(r.Name)
		err := r.Err
		if err == nil && c.volumeDiffers(had[name], r) {
			err = c.writeVolume(ctx, r)
		}
		if err != nil {
			c.broken(engine.Key{Kind: engine.KindVolume, ID: r.Name}, err)
		}
		delete(had, name)
	}
	if slices.ContainsFunc(listed, func(r engine.VolumeRecord) bool { return r.Err != nil && r.Name == "" }) {
		keep(c, had)
	}
	return c.rows.volumes.removeAll(ctx, had)
}

func (c *connection) listVolumes(ctx context.Context) ([]engine.VolumeRecord, map[string]*containers.Volume, error) {
	ctx, cancel := context.WithTimeout(ctx, listDeadline)
	defer cancel()
	listed, err := c.engine.Volumes(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := c.knowUses(ctx); err != nil {
		return nil, nil, err
	}
	had, err := c.rows.volumes.list(ctx)
	return listed, had, err
}

func (c *connection) volumeDiffers(had *containers.Volume, r engine.VolumeRecord) bool {
	if had == nil || lacksFinalizer(had) {
		return true
	}
	now := &containers.Volume{Status: had.Status}
	c.mergeVolume(now, r)
	return !equality.Semantic.DeepEqual(had.Status, now.Status)
}
