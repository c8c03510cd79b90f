package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// NetworkRecord is what an engine says of one network.
type NetworkRecord struct {
	containers.NetworkStatus
	// Partial says that the record comes from a list, which does not know a network's members.
	Partial bool
	// Err says that the engine's words about this network could not be read. No more than ID is to be used then.
	Err error
}

type wireNetwork struct {
	ID         string `json:"Id"`
	Name       string
	Created    string
	Scope      string
	Driver     string
	EnableIPv6 bool
	Internal   bool
	Attachable bool
	Ingress    bool
	IPAM       struct {
		Driver string
		Config []struct{ Subnet, IPRange, Gateway string }
	}
	Containers map[string]struct {
		Name, MacAddress, IPv4Address, IPv6Address string
	}
	Options, Labels map[string]string
}

// Networks reads the networks of these IDs with an inspect for each, or, given none, all with one list, whose records
// are Partial. Networks that are gone are left out.
func (c *Client) Networks(ctx context.Context, ids ...string) ([]NetworkRecord, error) {
	if len(ids) > 0 {
		return each(ctx, ids, c.inspectNetwork)
	}
	var found []NetworkRecord
	err := c.read(ctx, "/networks", func(r io.Reader) (err error) {
		found, err = decodeNetworks(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	return found, nil
}

func (c *Client) inspectNetwork(ctx context.Context, id string) ([]NetworkRecord, error) {
	escaped, err := segment(id)
	if err != nil {
		return nil, fmt.Errorf("inspect network %s: %w", short(id), err)
	}
	var found NetworkRecord
	err = c.read(ctx, "/networks/"+escaped, func(r io.Reader) (err error) {
		found, err = decodeNetwork(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("inspect network %s: %w", short(id), err)
	}
	return []NetworkRecord{found}, nil
}

func decodeNetworks(r io.Reader) ([]NetworkRecord, error) {
	var all []NetworkRecord
	err := elements(r, func(w wireNetwork, err error) {
		n := w.record(err)
		n.Partial, n.Members = true, nil
		all = append(all, n)
	})
	return all, err
}

func decodeNetwork(r io.Reader) (NetworkRecord, error) {
	var w wireNetwork
	if err := json.NewDecoder(r).Decode(&w); err != nil {
		return NetworkRecord{}, err
	}
	n := w.record(nil)
	return n, n.Err
}

func (w *wireNetwork) record(err error) NetworkRecord {
	if err == nil && w.ID == "" {
		err = errNoID
	}
	if err != nil {
		return NetworkRecord{NetworkStatus: containers.NetworkStatus{ID: w.ID}, Err: err}
	}
	return NetworkRecord{NetworkStatus: containers.NetworkStatus{
		ID: w.ID, Name: w.Name, Namespace: containers.MobyNamespace, Driver: w.Driver, Scope: w.Scope, BuiltIn: builtIn(w.Name),
		Internal: w.Internal, Attachable: w.Attachable, Ingress: w.Ingress, EnableIPv6: w.EnableIPv6,
		Labels: filled(w.Labels), Options: filled(w.Options), ComposeProject: w.Labels[containers.LabelComposeProject],
		CreatedAt: textTime(w.Created), IPAMDriver: w.IPAM.Driver, Subnets: w.subnets(), Members: w.members(),
	}}
}

// builtIn knows the engine's own networks by name: engines let nobody else use these.
func builtIn(name string) bool { return name == "bridge" || name == "host" || name == "none" }

func (w *wireNetwork) subnets() []containers.Subnet {
	var all []containers.Subnet
	for _, c := range w.IPAM.Config {
		if c.Subnet != "" {
			all = append(all, containers.Subnet{Subnet: c.Subnet, Gateway: c.Gateway, IPRange: c.IPRange})
		}
	}
	slices.SortStableFunc(all, func(a, b containers.Subnet) int { return cmp.Compare(a.Subnet, b.Subnet) })
	return slices.CompactFunc(all, func(a, b containers.Subnet) bool { return a.Subnet == b.Subnet })
}

// members leaves out a swarm's own ends of a network, which belong to no container.
func (w *wireNetwork) members() []containers.NetworkMember {
	var all []containers.NetworkMember
	for id, m := range w.Containers {
		if id == "" || strings.HasPrefix(id, "ep-") || strings.HasPrefix(id, "lb-") {
			continue
		}
		all = append(all, containers.NetworkMember{
			ID: id, Name: strings.TrimPrefix(m.Name, "/"), IPv4Address: m.IPv4Address, IPv6Address: m.IPv6Address, MacAddress: m.MacAddress,
		})
	}
	slices.SortFunc(all, func(a, b containers.NetworkMember) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// CreateNetwork makes a network, and gives its ID and what the engine warns of. A name that is taken is an ErrConflict.
func (c *Client) CreateNetwork(ctx context.Context, spec *containers.NetworkCreateSpec) (id string, warnings []string, err error) {
	o := client.NetworkCreateOptions{Driver: spec.Driver, Internal: spec.Internal, Options: spec.Options, Labels: spec.Labels}
	if spec.EnableIPv6 {
		o.EnableIPv6 = new(true)
	}
	if len(spec.Subnets) > 0 {
		o.IPAM = &network.IPAM{}
	}
	for _, s := range spec.Subnets {
		r, err := ipRange(s)
		if err != nil {
			return "", nil, fmt.Errorf("create network %s: %w", spec.Name, err)
		}
		o.IPAM.Config = append(o.IPAM.Config, r)
	}
	if err := c.isFree(ctx, spec.Name); err != nil {
		return "", nil, fmt.Errorf("create network %s: %w", spec.Name, err)
	}
	made, err := c.moby.NetworkCreate(ctx, spec.Name, o)
	if err != nil {
		return "", nil, fmt.Errorf("create network %s: %w", spec.Name, translate(err))
	}
	return made.ID, made.Warning, nil
}

// isFree refuses the name of a network that is there: an engine of an API before 1.44 makes a second one, with a warning,
// and the client no longer knows how to ask it not to.
func (c *Client) isFree(ctx context.Context, name string) error {
	all, err := c.Networks(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(r NetworkRecord) bool { return r.Name == name }) {
		return &answer{kind: ErrConflict, words: fmt.Sprintf("a network called %s already exists", name)}
	}
	return nil
}

func ipRange(s containers.Subnet) (r network.IPAMConfig, err error) {
	if r.Subnet, err = netip.ParsePrefix(s.Subnet); err != nil {
		return r, err
	}
	if s.Gateway != "" {
		if r.Gateway, err = netip.ParseAddr(s.Gateway); err != nil {
			return r, err
		}
	}
	if s.IPRange != "" {
		r.IPRange, err = netip.ParsePrefix(s.IPRange)
	}
	return r, err
}
