package mirror

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// networksWindow is the least time between two reads of networks, each of which tells all members: a project that
// comes up joins its containers one after the other.
const networksWindow = 50 * time.Millisecond

func (c *connection) readNetwork(ctx context.Context, id string) error {
	if id == "" {
		return c.compareNetworks(ctx)
	}
	deadline, cancel := context.WithTimeout(ctx, infoDeadline) // a network's driver may be somebody else's program
	defer cancel()
	found, err := c.engine.Networks(deadline, id)
	if err != nil {
		return err
	}
	// An engine also answers to a name and to the beginning of an ID, but no mirror is called so.
	if len(found) == 0 || found[0].ID != id {
		return c.rows.networks.remove(ctx, id)
	}
	if found[0].Err != nil {
		return found[0].Err
	}
	return c.writeNetwork(ctx, found[0])
}

func (c *connection) writeNetwork(ctx context.Context, r engine.NetworkRecord) error {
	return c.rows.networks.put(ctx, r.ID, func(obj *containers.Network) { mergeNetwork(obj, r) })
}

func mergeNetwork(obj *containers.Network, r engine.NetworkRecord) {
	now := r.NetworkStatus
	now.Conditions = obj.Status.Conditions
	if r.Partial {
		now.Members = obj.Status.Members
	}
	obj.Status = now
}

// syncNetworks writes what the list says, and has the members, which it does not say, read right afterwards.
func (c *connection) syncNetworks(ctx context.Context) error {
	listed, had, err := c.listNetworks(ctx)
	if err != nil {
		return err
	}
	for _, r := range listed {
		k := engine.Key{Kind: engine.KindNetwork, ID: r.ID}
		err := r.Err
		if err == nil && networkDiffers(had[r.ID], r) {
			err = c.writeNetwork(ctx, r)
		}
		if err != nil && ctx.Err() == nil {
			c.broken(k, err)
		}
		if r.Err == nil {
			c.networks.add(live, k)
		}
		delete(had, r.ID)
	}
	if slices.ContainsFunc(listed, func(r engine.NetworkRecord) bool { return r.Err != nil && r.ID == "" }) {
		keep(c, had)
	}
	return c.rows.networks.removeAll(ctx, had)
}

// compareNetworks marks dirty what a list disagrees with, and each network whose members are not those that the
// containers tell of.
func (c *connection) compareNetworks(ctx context.Context) error {
	listed, had, err := c.listNetworks(ctx)
	if err != nil {
		return err
	}
	members := c.uses.members()
	for _, r := range listed {
		k := engine.Key{Kind: engine.KindNetwork, ID: r.ID}
		obj := had[r.ID]
		switch {
		case r.Err != nil:
			c.broken(k, r.Err)
		case networkDiffers(obj, r) || membersDiffer(obj.Status.Members, members[r.ID]):
			c.networks.add(live, k)
		}
		delete(had, r.ID)
	}
	for name := range had {
		c.networks.add(live, engine.Key{Kind: engine.KindNetwork, ID: name})
	}
	return nil
}

func (c *connection) listNetworks(ctx context.Context) ([]engine.NetworkRecord, map[string]*containers.Network, error) {
	ctx, cancel := context.WithTimeout(ctx, listDeadline)
	defer cancel()
	listed, err := c.engine.Networks(ctx)
	if err != nil {
		return nil, nil, err
	}
	had, err := c.rows.networks.list(ctx)
	return listed, had, err
}

func networkDiffers(had *containers.Network, r engine.NetworkRecord) bool {
	if had == nil || lacksFinalizer(had) {
		return true
	}
	now := &containers.Network{Status: had.Status}
	mergeNetwork(now, r)
	return !equality.Semantic.DeepEqual(had.Status, now.Status)
}

func membersDiffer(had []containers.NetworkMember, told map[string]string) bool {
	if len(had) != len(told) {
		return true
	}
	for _, m := range had {
		if name, ok := told[m.ID]; !ok || name != m.Name {
			return true
		}
	}
	return false
}
