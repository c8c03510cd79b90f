package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/berth-desktop/berth/backend/engine"
)

const (
	// readers is how many batches of containers are read at once.
	readers = 4
	// listDeadline ends a call that asks for everything, infoDeadline one that asks for little.
	listDeadline, infoDeadline = 30 * time.Second, 10 * time.Second
	// replayed is how many events an engine keeps for those who come late; beyond that some are missing.
	replayed = 200
)

// connection is one connection of a session: what is here dies with it.
type connection struct {
	*session
	engine                                Engine
	containers, images, volumes, networks *queue
	users                                 *queue // images and volumes whose users have changed
	uses                                  *uses
	index                                 *imageIndex
	listed                                chan struct{} // closed once the first list of containers is in uses
	events                                atomic.Int64  // since the connection was made
	gap                                   atomic.Bool   // events are missing, so that everything is to be listed soon
	ready                                 bool
	tasks                                 *errgroup.Group

	mu       sync.Mutex                     // guards below
	probing  map[engine.Key]bool            // what is to be read again after a while, and whether that was asked for once more
	reported map[engine.Key]bool            // broken things that have been logged
	read     map[string]time.Time           // when each container was last read in full
	heard    map[string]bool                // containers that had an event since a relist last had them read in full
	writes   map[string]int                 // of each container that is being probed, since then
	agreed   time.Time                      // when everything was last listed
	same     map[engine.Fingerprint]version // what an object agreed with when containers were last listed
}

func newConnection(s *session, e Engine) *connection {
	return &connection{
		session: s, engine: e,
		containers: newQueue(s.pace.window), images: newQueue(s.pace.window), volumes: newQueue(s.pace.window),
		networks: newQueue(networksWindow), users: newQueue(usersWindow), uses: newUses(), index: newImageIndex(), listed: make(chan struct{}),
		probing: map[engine.Key]bool{}, reported: map[engine.Key]bool{}, read: map[string]time.Time{}, heard: map[string]bool{}, writes: map[string]int{},
	}
}

// serve reads everything and then follows the engine; it returns why the connection was lost.
func (c *connection) serve(ctx context.Context) error {
	info, err := c.info(ctx)
	if err != nil {
		return err
	}
	tasks, ctx := errgroup.WithContext(ctx)
	c.tasks = tasks
	// Listening begins before the lists are read, with the moment before both by the engine's clock. So what happens
	// in between is either in the lists or in the events, mostly in both.
	tasks.Go(func() error { return c.listen(ctx, info.Now) })
	tasks.Go(func() error { return c.beat(ctx) })
	tasks.Go(func() error {
		if err := c.syncAll(ctx); err != nil {
			return err
		}
		c.startReaders(ctx)
		c.settle(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
		c.ready, c.synced = true, true
		c.report.set(func(s *state) {
			*s = s.connected(info)
			s.syncedAt = c.lastAgreed()
		})
		return c.relist(ctx)
	})
	err = tasks.Wait()
	c.report.set(func(s *state) {
		if at := c.lastAgreed(); !at.IsZero() {
			s.syncedAt = at
		}
	})
	return err
}

func (c *connection) info(ctx context.Context) (engine.Info, error) {
	ctx, cancel := context.WithTimeout(ctx, infoDeadline)
	defer cancel()
	return c.engine.Info(ctx)
}

// listen drains the events. It does nothing that could make the engine wait.
func (c *connection) listen(ctx context.Context, since time.Time) error {
	err := c.engine.Events(ctx, since, func(k engine.Key) {
		c.events.Add(1)
		if k.Kind == engine.KindContainer && k.ID != "" {
			c.hear(k.ID)
		}
		if q := c.queueOf(k.Kind); q != nil {
			q.add(live, k)
		} else {
			c.gap.Store(true)
		}
	})
	if err == nil {
		err = errors.New("it ended the stream of events")
	}
	return fmt.Errorf("listen to the engine: %w", err)
}

func (c *connection) queueOf(k engine.Kind) *queue {
	switch k {
	case engine.KindContainer:
		return c.containers
	case engine.KindImage:
		return c.images
	case engine.KindVolume:
		return c.volumes
	case engine.KindNetwork:
		return c.networks
	default:
		return nil
	}
}

// beat asks for signs of life, because an engine that merely hangs breaks no connection.
func (c *connection) beat(ctx context.Context) error {
	for sleep(ctx, c.pace.heartbeat) {
		if err := ping(ctx, c.engine, c.pace.patience()); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (c *connection) startReaders(ctx context.Context) {
	for range readers {
		c.tasks.Go(func() error { return work(ctx, c.containers, live, c.readContainers) })
		c.tasks.Go(func() error { return work(ctx, c.volumes, live, c.readEach(c.volumes, c.readVolume)) })
	}
	c.tasks.Go(func() error { return work(ctx, c.containers, later, c.readContainers) })
	c.tasks.Go(func() error { return work(ctx, c.images, live, c.readImages) })
	c.tasks.Go(func() error { return work(ctx, c.networks, live, c.readEach(c.networks, c.readNetwork)) })
	c.tasks.Go(func() error { return work(ctx, c.users, live, c.writeUsers) })
}

// work hands batches to read, which says done for each key.
func work(ctx context.Context, q *queue, l lane, read func(context.Context, []engine.Key)) error {
	for {
		batch, err := q.next(ctx, l)
		if err != nil {
			return err
		}
		read(ctx, batch)
	}
}

// readEach reads the things of a batch side by side, each of which is one call.
func (c *connection) readEach(q *queue, read func(ctx context.Context, id string) error) func(context.Context, []engine.Key) {
	return func(ctx context.Context, keys []engine.Key) {
		var g errgroup.Group
		for _, k := range keys {
			g.Go(func() error {
				c.note(ctx, q, k, read(ctx, k.ID))
				q.done(k)
				return nil
			})
		}
		_ = g.Wait()
	}
}

// settle lets a small engine's details arrive before it is called ready, unless one of them is stuck. With many
// containers nobody is made to wait: what lists say is true, and enough to begin with.
func (c *connection) settle(ctx context.Context) {
	const poll, many = 2 * time.Millisecond, 100
	if c.containers.pending() > many {
		return
	}
	for end := time.Now().Add(c.pace.settle); time.Now().Before(end) && c.containers.pending()+c.networks.pending() > 0; {
		if !sleep(ctx, poll) {
			return
		}
	}
}

// broken logs what is wrong with one thing, once.
func (c *connection) broken(k engine.Key, err error) {
	if errors.Is(err, engine.ErrUnavailable) {
		return // that is not about this thing, and will be known soon
	}
	c.mu.Lock()
	known := c.reported[k]
	c.reported[k] = true
	c.mu.Unlock()
	if !known {
		c.log.Warn("One thing of the engine could not be mirrored; the others are", "kind", k.Kind, "id", k.ID, "error", err)
	}
}

func (c *connection) whole(k engine.Key) {
	c.mu.Lock()
	delete(c.reported, k)
	c.mu.Unlock()
}

// again has a key read once more after a while, unless that is on its way already, or wait says that it need not be.
func (c *connection) again(ctx context.Context, q *queue, k engine.Key, wait func(context.Context) bool) {
	c.mu.Lock()
	_, known := c.probing[k]
	c.probing[k] = known
	c.mu.Unlock()
	if known {
		return
	}
	c.tasks.Go(func() error {
		needed := wait(ctx)
		c.mu.Lock()
		needed = needed || c.probing[k]
		delete(c.probing, k)
		c.mu.Unlock()
		if needed && ctx.Err() == nil {
			q.add(live, k)
		}
		return nil
	})
}

func (c *connection) hear(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard[id] = true
}

func (c *connection) lastAgreed() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.agreed
}

func (c *connection) agree(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.agreed = at
}
