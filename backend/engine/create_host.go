package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client/pkg/versions"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// knowsWish refuses what an old engine would pass over without a word.
func (c *Client) knowsWish(ctx context.Context, spec *containers.ContainerCreateSpec) error {
	what := ""
	switch {
	case spec.HealthCheck != nil && spec.HealthCheck.StartInterval != nil:
		what = "start interval of a health check"
	case spec.Addresses.MAC != "":
		what = "hardware address of your choice"
	default:
		return nil
	}
	v, err := c.negotiated(ctx)
	if err != nil || !versions.LessThan(v, "1.44") {
		return err
	}
	return &answer{kind: ErrInvalid, words: fmt.Sprintf("this engine knows no %s, as Docker does from 25 on", what)}
}

// health is docker's word for a check: an empty test leaves the command to the image.
func health(h *containers.HealthCheck) *container.HealthConfig {
	switch {
	case h == nil:
		return nil
	case h.Disabled:
		return &container.HealthConfig{Test: []string{"NONE"}}
	}
	c := &container.HealthConfig{
		Interval: lasting(h.Interval), Timeout: lasting(h.Timeout), Retries: int(h.Retries),
		StartPeriod: lasting(h.StartPeriod), StartInterval: lasting(h.StartInterval),
	}
	if h.Command != "" {
		c.Test = []string{"CMD-SHELL", h.Command}
	}
	return c
}

func lasting(d *metav1.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return d.Duration
}

// isolate says what a container shares, and what guards it.
func isolate(h *container.HostConfig, spec *containers.ContainerCreateSpec) {
	n := &spec.Namespaces
	h.PidMode, h.IpcMode, h.UTSMode = container.PidMode(n.PID), container.IpcMode(n.IPC), container.UTSMode(n.UTS)
	h.UsernsMode, h.CgroupnsMode = container.UsernsMode(n.User), container.CgroupnsMode(n.Cgroup)
	for _, o := range spec.SecurityOptions {
		if o == "systempaths=unconfined" { // engines know no such option: empty lists stand for it
			h.MaskedPaths, h.ReadonlyPaths = []string{}, []string{}
			continue
		}
		h.SecurityOpt = append(h.SecurityOpt, o)
	}
}

// bound sets the bounds that are plain numbers and names.
func bound(to *container.Resources, r *containers.ContainerResources) {
	to.CPUShares, to.CpusetCpus, to.CpusetMems = r.CPUShares, r.CPUSet, r.MemoryNodes
	if r.MemorySwap != nil {
		to.MemorySwap = r.MemorySwap.Value()
	}
	if r.MemoryReservation != nil {
		to.MemoryReservation = r.MemoryReservation.Value()
	}
	if r.PidsLimit != 0 {
		to.PidsLimit = new(r.PidsLimit)
	}
	for _, u := range r.Ulimits {
		to.Ulimits = append(to.Ulimits, &units.Ulimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard})
	}
}

// expose adds ports that nothing leads to: PORT, FROM-TO, PORT/udp.
func expose(to network.PortSet, all []string) error {
	for _, text := range all {
		r, err := network.ParsePortRange(text)
		if err != nil {
			return fmt.Errorf("expose %s: %w", text, err)
		}
		for p := range r.All() {
			to[p] = struct{}{}
		}
	}
	return nil
}

// endpoint is how a container is in its network; nil where nothing is said of that.
func endpoint(spec *containers.ContainerCreateSpec) (*network.EndpointSettings, error) {
	a := &spec.Addresses
	v4, err4 := address(a.IPv4)
	v6, err6 := address(a.IPv6)
	local, errLocal := addresses(a.LinkLocal)
	mac, errMAC := hardware(a.MAC)
	if err := errors.Join(err4, err6, errLocal, errMAC); err != nil {
		return nil, err
	}
	e := &network.EndpointSettings{Aliases: spec.NetworkAliases, MacAddress: mac}
	if v4.IsValid() || v6.IsValid() || len(local) > 0 {
		e.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: v4, IPv6Address: v6, LinkLocalIPs: local}
	}
	if e.IPAMConfig == nil && len(e.MacAddress) == 0 && len(e.Aliases) == 0 {
		return nil, nil //nolint:nilnil // nothing is said of it
	}
	return e, nil
}

// address reads one that may be left out.
func address(text string) (a netip.Addr, err error) {
	if text == "" {
		return a, nil
	}
	if a, err = netip.ParseAddr(text); err != nil {
		return a, fmt.Errorf("read an address: %w", err)
	}
	return a, nil
}

func hardware(text string) (network.HardwareAddr, error) {
	if text == "" {
		return nil, nil
	}
	mac, err := net.ParseMAC(text)
	if err != nil {
		return nil, fmt.Errorf("read a hardware address: %w", err)
	}
	return network.HardwareAddr(mac), nil
}
