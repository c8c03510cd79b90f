package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Network is a bridge network of the engine.
type Network struct {
	// Bridge is the link that its containers are attached to.
	Bridge string
	// Subnets are its IPv4 ranges.
	Subnets []netip.Prefix
	// Internal networks have no way out.
	Internal bool
	// Masquerade says that its containers reach other networks in the host's name.
	Masquerade bool
	// Talk says that its containers reach one another.
	Talk bool
	// Made says that the engine made the link itself, so that it may be removed when the engine is down.
	Made bool
}

// Options of a bridge network, as Docker names them.
const (
	optName       = "com.docker.network.bridge.name"
	optMasquerade = "com.docker.network.bridge.enable_ip_masquerade"
	optTalk       = "com.docker.network.bridge.enable_icc"
)

// Networks lists the bridge networks, sorted by link.
func (c *Client) Networks(ctx context.Context) ([]Network, error) {
	var said []struct {
		ID, Driver string
		Internal   bool
		IPAM       struct{ Config []struct{ Subnet string } }
		Options    map[string]string
	}
	if err := c.getJSON(ctx, "/networks", &said); err != nil {
		return nil, fmt.Errorf("list networks: %w", err)
	}
	var all []Network
	for _, s := range said {
		if s.Driver != "bridge" || len(s.ID) < 12 {
			continue
		}
		n := Network{
			Bridge:     s.Options[optName],
			Internal:   s.Internal,
			Masquerade: s.Options[optMasquerade] != "false",
			Talk:       s.Options[optTalk] != "false",
		}
		if n.Bridge == "" {
			n.Bridge, n.Made = "br-"+s.ID[:12], true
		}
		for _, r := range s.IPAM.Config {
			if p, err := netip.ParsePrefix(r.Subnet); err == nil && p.Addr().Is4() {
				n.Subnets = append(n.Subnets, p.Masked())
			}
		}
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b Network) int { return strings.Compare(a.Bridge, b.Bridge) })
	return all, nil
}

// NetworkChanges calls changed whenever a network may have come or gone since the given time, until the stream
// ends; it returns why. changed must not block: an engine waits for slow listeners.
func (c *Client) NetworkChanges(ctx context.Context, since time.Time, changed func()) error {
	q := url.Values{
		"since":   {fmt.Sprintf("%d.%09d", since.Unix(), since.Nanosecond())},
		"filters": {`{"type":["network"],"event":["create","destroy","remove"]}`},
	}
	resp, err := c.get(ctx, "/events?"+q.Encode())
	if err != nil {
		return fmt.Errorf("follow networks: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("follow networks: %w", answer(resp))
	}
	for dec := json.NewDecoder(resp.Body); ; changed() {
		var event json.RawMessage
		if err := dec.Decode(&event); err != nil {
			return fmt.Errorf("follow networks: %w", errors.Join(err, ctx.Err()))
		}
	}
}
