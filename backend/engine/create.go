package engine

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"k8s.io/apimachinery/pkg/api/resource"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// CreateContainer makes a container, without starting it, and gives its ID and what the engine warns of. An image that
// is not there is an ErrNotFound.
func (c *Client) CreateContainer(ctx context.Context, spec *containers.ContainerCreateSpec) (id string, warnings []string, err error) {
	o, err := createOptions(spec)
	if err != nil {
		return "", nil, fmt.Errorf("create a container of %s: %w", spec.Image, err)
	}
	if err := c.knowsWish(ctx, spec); err != nil {
		return "", nil, fmt.Errorf("create a container of %s: %w", spec.Image, err)
	}
	made, err := c.moby.ContainerCreate(ctx, o)
	if err != nil {
		return "", nil, fmt.Errorf("create a container of %s: %w", spec.Image, translate(err))
	}
	return made.ID, made.Warnings, nil
}

func createOptions(spec *containers.ContainerCreateSpec) (client.ContainerCreateOptions, error) {
	exposed, bindings, err := ports(spec.Ports)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	if err := expose(exposed, spec.Expose); err != nil {
		return client.ContainerCreateOptions{}, err
	}
	host, err := hostConfig(spec)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	within, err := endpoint(spec)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	host.PortBindings = bindings
	o := client.ContainerCreateOptions{
		Name: spec.Name,
		Config: &container.Config{
			Image: spec.Image, Entrypoint: spec.Command, Cmd: spec.Args, Env: spec.Env, WorkingDir: spec.WorkingDir,
			User: spec.User, Hostname: spec.Hostname, Domainname: spec.Domainname, Labels: spec.Labels, ExposedPorts: exposed,
			Tty: spec.TTY, OpenStdin: spec.Stdin, StdinOnce: spec.Stdin, AttachStdin: spec.Stdin,
			StopSignal: spec.StopSignal, Healthcheck: health(spec.HealthCheck),
		},
		HostConfig: host,
	}
	if s := spec.StopTimeoutSeconds; s != nil {
		o.Config.StopTimeout = new(int(*s))
	}
	if spec.Platform != "" {
		o.Platform = &platforms(spec.Platform)[0]
	}
	if within != nil {
		if host.NetworkMode == "" {
			host.NetworkMode = network.NetworkDefault
		}
		o.NetworkingConfig = &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{string(host.NetworkMode): within}}
	}
	return o, nil
}

func hostConfig(spec *containers.ContainerCreateSpec) (*container.HostConfig, error) {
	restart, err := restartPolicy(spec.RestartPolicy)
	if err != nil {
		return nil, err
	}
	dns, err := addresses(spec.DNS)
	if err != nil {
		return nil, err
	}
	binds, mounted := mounts(spec.Volumes)
	h := &container.HostConfig{
		AutoRemove: spec.AutoRemove, NetworkMode: container.NetworkMode(spec.Network), RestartPolicy: restart,
		Binds: binds, Mounts: mounted, PublishAllPorts: spec.PublishAll, ExtraHosts: spec.ExtraHosts, DNS: dns,
		DNSSearch: spec.DNSSearch, DNSOptions: spec.DNSOptions, VolumesFrom: spec.VolumesFrom, GroupAdd: spec.Groups,
		LogConfig: container.LogConfig{Type: spec.Logging.Driver, Config: spec.Logging.Options},
		Sysctls:   spec.Sysctls, OomScoreAdj: int(spec.Resources.OOMScoreAdjust),
		Privileged: spec.Privileged, CapAdd: spec.CapAdd, CapDrop: spec.CapDrop, ReadonlyRootfs: spec.ReadOnlyRoot,
		Resources: container.Resources{Devices: devices(spec.Devices)},
	}
	isolate(h, spec)
	bound(&h.Resources, &spec.Resources)
	if spec.Init { // left out, the engine's own setting holds
		h.Init = new(true)
	}
	for _, t := range spec.Tmpfs {
		if h.Tmpfs == nil {
			h.Tmpfs = map[string]string{}
		}
		h.Tmpfs[t.Target] = t.Options
	}
	if q := spec.Resources.CPUs; q != nil {
		h.NanoCPUs = q.ScaledValue(resource.Nano)
	}
	if q := spec.Resources.Memory; q != nil {
		h.Memory = q.Value()
	}
	if q := spec.Resources.SharedMemory; q != nil {
		h.ShmSize = q.Value()
	}
	return h, nil
}

func addresses(all []string) (out []netip.Addr, err error) {
	for _, text := range all {
		a, err := address(text)
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

func devices(all []string) (out []container.DeviceMapping) {
	for _, text := range all {
		parts := strings.Split(text, ":")
		d := container.DeviceMapping{PathOnHost: parts[0], PathInContainer: parts[0], CgroupPermissions: "rwm"}
		switch {
		case len(parts) == 3:
			d.PathInContainer, d.CgroupPermissions = parts[1], parts[2]
		case len(parts) == 2 && strings.HasPrefix(parts[1], "/"):
			d.PathInContainer = parts[1]
		case len(parts) == 2:
			d.CgroupPermissions = parts[1]
		}
		out = append(out, d)
	}
	return out
}

func ports(all []containers.PublishedPort) (network.PortSet, network.PortMap, error) {
	exposed, bindings := network.PortSet{}, network.PortMap{}
	for _, p := range all {
		protocol := p.Protocol
		if protocol == "" {
			protocol = "tcp"
		}
		inside, err := network.ParsePort(fmt.Sprintf("%d/%s", p.ContainerPort, protocol))
		if err != nil {
			return nil, nil, fmt.Errorf("publish port %d: %w", p.ContainerPort, err)
		}
		exposed[inside] = struct{}{}
		b := network.PortBinding{}
		if p.HostPort != 0 {
			b.HostPort = strconv.Itoa(int(p.HostPort))
		}
		if p.HostIP != "" {
			if b.HostIP, err = netip.ParseAddr(p.HostIP); err != nil {
				return nil, nil, fmt.Errorf("publish port %d: %w", p.ContainerPort, err)
			}
		}
		bindings[inside] = append(bindings[inside], b)
	}
	return exposed, bindings, nil
}

// mounts tells what is mounted. A folder that is not there is made for a bind alone: as a mount, an engine of API 1.41
// would refuse it.
func mounts(all []containers.VolumeMount) (binds []string, out []mount.Mount) {
	for _, v := range all {
		m := mount.Mount{Type: mount.TypeVolume, Source: v.Source, Target: v.Target, ReadOnly: v.ReadOnly}
		if !strings.HasPrefix(v.Source, "/") && !onWindows(v.Source) {
			out = append(out, m)
			continue
		}
		if v.MustExist || strings.Contains(v.Source, ":") { // a bind has colons between its parts
			m.Type = mount.TypeBind
			m.BindOptions = &mount.BindOptions{CreateMountpoint: !v.MustExist}
			out = append(out, m)
			continue
		}
		bind := v.Source + ":" + v.Target
		if v.ReadOnly {
			bind += ":ro"
		}
		binds = append(binds, bind)
	}
	return binds, out
}

// onWindows tells C:\ from a volume's name.
func onWindows(source string) bool { return len(source) > 2 && source[1] == ':' }

func restartPolicy(text string) (container.RestartPolicy, error) {
	mode, count, counted := strings.Cut(text, ":")
	p := container.RestartPolicy{Name: container.RestartPolicyMode(mode)}
	if counted {
		n, err := strconv.Atoi(count)
		if err != nil || n < 0 || mode != "on-failure" {
			return p, fmt.Errorf("%q is no restart policy: use no, always, unless-stopped, on-failure or on-failure:N", text)
		}
		p.MaximumRetryCount = n
	}
	return p, nil
}

// IsImageMissing tells a create that lacks its image from one that lacks a network or another container.
func IsImageMissing(err error) bool {
	return errors.Is(err, ErrNotFound) && strings.Contains(strings.ToLower(err.Error()), "no such image")
}
