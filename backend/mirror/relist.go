package mirror

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// A relist reads some containers in full although their list entry says nothing new, because a start that failed
// without a network of its own leaves no other trace. Such a start mostly follows something that had an event, as the
// create of a `docker run` has: what had one since is read again first, up to followed of them. Of the rest, which are
// read in turn, come rotated: each costs the engine and us an inspect, which a thousand of them every time would not be
// worth.
const followed, rotated = 64, 8

// relist lists everything from time to time, until ctx ends or the engine cannot be listed any more.
func (c *connection) relist(ctx context.Context) error {
	const enough = 3 // failures in a row that make an engine as good as lost
	failures := 0
	for poll := min(c.pace.heartbeat, c.pace.watched); sleep(ctx, poll); {
		period := c.pace.idle
		if c.cfg.Watched() {
			period = c.pace.watched
		}
		if !c.gap.Swap(false) && time.Since(c.lastAgreed()) < period {
			continue
		}
		begun := time.Now()
		if err := c.compare(ctx); err != nil {
			c.gap.Store(true)
			if failures++; failures == enough {
				return err
			}
			c.log.Info("The engine could not be listed; it is tried again", "error", err)
			continue
		}
		failures = 0
		c.agree(begun)
	}
	return ctx.Err()
}

// compare lists everything and marks dirty what the objects disagree with. It writes nothing itself: a list is old
// when it arrives, and the readers may know better by then.
func (c *connection) compare(ctx context.Context) error {
	c.images.add(live, everyImage())
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return c.compareContainers(ctx) })
	g.Go(func() error { return c.compareVolumes(ctx) })
	g.Go(func() error { return c.compareNetworks(ctx) })
	g.Go(func() error { return c.rows.ensureNamespace(ctx) })
	return g.Wait()
}

// version is an object as it was at some time.
type version struct{ name, resourceVersion string }

// compareContainers reads of the list only what is new: where neither the engine's text nor the object has changed
// since they last agreed, they agree.
func (c *connection) compareContainers(ctx context.Context) error {
	deadline, cancel := context.WithTimeout(ctx, listDeadline)
	defer cancel()
	had, err := c.rows.containers.list(ctx)
	if err != nil {
		return err
	}
	c.mu.Lock()
	before := c.same
	c.mu.Unlock()
	same := make(map[engine.Fingerprint]version, len(had))
	quiet := make([]*containers.Container, 0, len(had))
	agrees := func(text engine.Fingerprint, obj *containers.Container) {
		same[text] = version{obj.Name, obj.ResourceVersion}
		quiet = append(quiet, obj)
		delete(had, obj.Name)
	}
	listed, err := c.engine.ListNewContainers(deadline, func(text engine.Fingerprint) bool {
		v, known := before[text]
		obj := had[v.name]
		if !known || obj == nil || obj.ResourceVersion != v.resourceVersion {
			return false
		}
		agrees(text, obj)
		return true
	})
	if err != nil {
		return err
	}
	for _, r := range listed {
		k := engine.Key{Kind: engine.KindContainer, ID: r.ID}
		obj := had[r.ID]
		delete(had, r.ID)
		switch {
		case r.Err != nil:
			c.broken(k, r.Err)
		case obj == nil || differs(obj, r):
			c.containers.add(live, k)
		default:
			agrees(r.Text, obj)
		}
	}
	for name := range had {
		c.containers.add(live, engine.Key{Kind: engine.KindContainer, ID: name})
	}
	c.mu.Lock()
	c.same = same
	c.mu.Unlock()
	c.rereadSome(quiet)
	return nil
}

// rereadSome has those read in full that do not run: those that had an event since a relist last did so, and of the
// others those that were not read for the longest time.
func (c *connection) rereadSome(quiet []*containers.Container) {
	type candidate struct {
		id   string
		read time.Time
	}
	var heard, rest []candidate
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, obj := range quiet {
		a := candidate{obj.Name, c.read[obj.Name]}
		switch {
		case obj.Status.Status == containers.StateRunning:
			delete(c.heard, a.id)
		case c.heard[a.id]:
			heard = append(heard, a)
		default:
			rest = append(rest, a)
		}
	}
	oldest := func(a, b candidate) int { return a.read.Compare(b.read) }
	slices.SortFunc(heard, oldest)
	slices.SortFunc(rest, oldest)
	for _, a := range slices.Concat(heard[:min(followed, len(heard))], rest[:min(rotated, len(rest))]) {
		delete(c.heard, a.id)
		c.containers.add(later, engine.Key{Kind: engine.KindContainer, ID: a.id})
	}
}

func (c *connection) compareVolumes(ctx context.Context) error {
	listed, had, err := c.listVolumes(ctx)
	if err != nil {
		return err
	}
	for _, r := range listed {
		name := containers.VolumeName(r.Name)
		if r.Err != nil {
			c.broken(engine.Key{Kind: engine.KindVolume, ID: r.Name}, r.Err)
		} else if c.volumeDiffers(had[name], r) {
			c.volumes.add(live, engine.Key{Kind: engine.KindVolume, ID: r.Name})
		}
		delete(had, name)
	}
	for name, obj := range had {
		if obj.Status.Name == "" { // it bears our finalizer and stands for nothing
			if err := c.rows.volumes.remove(ctx, name); err != nil {
				return err
			}
			continue
		}
		c.volumes.add(live, engine.Key{Kind: engine.KindVolume, ID: obj.Status.Name})
	}
	return nil
}
