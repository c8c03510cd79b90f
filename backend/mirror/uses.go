package mirror

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/engine"
)

// usersWindow is the least time between two writes of who uses a thing: a burst of a thousand containers of one image
// is not a thousand writes of a growing list. It is long, because each such write handles the whole list, and nobody
// looks at it that closely.
const usersWindow = 200 * time.Millisecond

// use is what one container needs.
type use struct {
	name    string
	image   string   // by ID
	volumes []string // by name, sorted
	// networks are those that it should be connected to now, by ID and sorted; none while it does not run.
	networks []string
}

func useOf(s *containers.ContainerStatus) use {
	u := use{name: s.Name, image: s.ImageID}
	for _, m := range s.Mounts {
		if m.Type == "volume" && m.Name != "" {
			u.volumes = append(u.volumes, m.Name)
		}
	}
	if s.Status == containers.StateRunning || s.Status == containers.StatePaused {
		for _, n := range s.Networks {
			if n.NetworkID != "" {
				u.networks = append(u.networks, n.NetworkID)
			}
		}
	}
	slices.Sort(u.volumes)
	u.volumes = slices.Compact(u.volumes)
	slices.Sort(u.networks)
	return u
}

// needs gives the things that the container needs, as keys.
func (u *use) needs(also ...engine.Key) []engine.Key {
	if u.image != "" {
		also = append(also, engine.Key{Kind: engine.KindImage, ID: u.image})
	}
	for _, v := range u.volumes {
		also = append(also, engine.Key{Kind: engine.KindVolume, ID: v})
	}
	return also
}

// uses knows which container needs what, from what was last read of the containers: no engine is asked for it.
type uses struct {
	mu    sync.Mutex // guards below
	of    map[string]use
	users map[engine.Key][]string // names, sorted; kept so, because sorting a thousand at each change costs more than all the rest
}

func newUses() *uses { return &uses{of: map[string]use{}, users: map[engine.Key][]string{}} }

// set notes what a container needs now, and gives the things whose users are others than before, or called otherwise.
func (x *uses) set(id string, now use) []engine.Key {
	x.mu.Lock()
	defer x.mu.Unlock()
	was, known := x.of[id]
	x.of[id] = now
	if known && was.name == now.name && was.image == now.image && slices.Equal(was.volumes, now.volumes) {
		return nil
	}
	touched := map[engine.Key]bool{}
	for _, k := range was.needs() {
		x.leave(k, was.name)
		touched[k] = true
	}
	for _, k := range now.needs() {
		x.join(k, now.name)
		// What is needed as before by the same name is not touched.
		touched[k] = !touched[k] || was.name != now.name
	}
	if known && was.name != now.name { // no event of a network tells of that
		for _, n := range now.networks {
			touched[engine.Key{Kind: engine.KindNetwork, ID: n}] = true
		}
	}
	maps.DeleteFunc(touched, func(_ engine.Key, is bool) bool { return !is })
	return slices.Collect(maps.Keys(touched))
}

// drop forgets a container and gives the things that it needed.
func (x *uses) drop(id string) []engine.Key {
	x.mu.Lock()
	defer x.mu.Unlock()
	was, known := x.of[id]
	if !known {
		return nil
	}
	delete(x.of, id)
	touched := was.needs()
	for _, k := range touched {
		x.leave(k, was.name)
	}
	return touched
}

// join adds one user; mu is held. Two containers may be known by one name for a moment, as when they swap theirs.
func (x *uses) join(k engine.Key, name string) {
	at, _ := slices.BinarySearch(x.users[k], name)
	x.users[k] = slices.Insert(x.users[k], at, name)
}

// leave takes one user away; mu is held.
func (x *uses) leave(k engine.Key, name string) {
	if at, ok := slices.BinarySearch(x.users[k], name); ok {
		x.users[k] = slices.Delete(x.users[k], at, at+1)
	}
	if len(x.users[k]) == 0 {
		delete(x.users, k)
	}
}

// names are the users of one thing, sorted.
func (x *uses) names(kind engine.Kind, id string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Compact(slices.Clone(x.users[engine.Key{Kind: kind, ID: id}]))
}

// members are who should be connected to each network now: names by container ID by network ID.
func (x *uses) members() map[string]map[string]string {
	x.mu.Lock()
	defer x.mu.Unlock()
	all := map[string]map[string]string{}
	for id, u := range x.of {
		for _, n := range u.networks {
			if all[n] == nil {
				all[n] = map[string]string{}
			}
			all[n][id] = u.name
		}
	}
	return all
}

// used has the objects brought up to date whose users have changed.
func (c *connection) used(keys []engine.Key) {
	for _, k := range keys {
		if k.Kind == engine.KindNetwork {
			c.networks.add(live, k)
		} else {
			c.users.add(live, k)
		}
	}
}

// writeUsers writes who uses these things. What else is known of them stays, and the engine is not asked.
func (c *connection) writeUsers(ctx context.Context, keys []engine.Key) {
	for _, k := range keys {
		var err error
		if k.Kind == engine.KindVolume {
			err = restate(ctx, c.rows.volumes, containers.VolumeName(k.ID), func(v *containers.Volume) {
				v.Status.InUseBy = c.uses.names(k.Kind, k.ID)
			})
		} else {
			for _, name := range c.index.names(k.ID) {
				err = restate(ctx, c.rows.images, name, func(i *containers.Image) { i.Status.InUseBy = c.uses.names(k.Kind, k.ID) })
				if err != nil {
					break
				}
			}
		}
		c.note(ctx, c.users, k, err)
		c.users.done(k)
	}
}

// restate changes the status of a mirror's object if there is one.
func restate[T any, P store.Object[T]](ctx context.Context, rows kindRows[T, P], name string, write func(P)) error {
	_, err := rows.store.UpdateStatus(ctx, rows.key(name), func(obj P) error {
		if rows.mine(obj) {
			write(obj)
		}
		return nil
	})
	if apierrors.IsNotFound(err) {
		return nil // it is written with its users when it comes
	}
	return err
}
