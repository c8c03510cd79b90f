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

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// CreateContainer makes a container, without starting it, and gives its ID and what the engine warns of. An image that
// is not there is an ErrNotFound.
func (c *Client) CreateContainer(ctx context.Context, spec *containers.ContainerCreateSpec) (id string, warnings []string, err error) {
	o, err := createOptions(spec)
	if err != nil {
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
	restart, err := restartPolicy(spec.RestartPolicy)
	if err != nil {
		return client.ContainerCreateOptions{}, err
	}
	return client.ContainerCreateOptions{
		Name: spec.Name,
		Config: &container.Config{
			Image: spec.Image, Entrypoint: spec.Command, Cmd: spec.Args, Env: spec.Env, WorkingDir: spec.WorkingDir,
			User: spec.User, Hostname: spec.Hostname, Labels: spec.Labels, ExposedPorts: exposed,
			Tty: spec.TTY, OpenStdin: spec.Stdin, StdinOnce: spec.Stdin, AttachStdin: spec.Stdin,
		},
		HostConfig: &container.HostConfig{
			AutoRemove: spec.AutoRemove, NetworkMode: container.NetworkMode(spec.Network),
			PortBindings: bindings, Mounts: mounts(spec.Volumes), RestartPolicy: restart,
		},
	}, nil
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

func mounts(all []containers.VolumeMount) []mount.Mount {
	var out []mount.Mount
	for _, v := range all {
		m := mount.Mount{Type: mount.TypeVolume, Source: v.Source, Target: v.Target, ReadOnly: v.ReadOnly}
		if strings.HasPrefix(v.Source, "/") || (len(v.Source) > 2 && v.Source[1] == ':') { // C:\ on Windows
			m.Type = mount.TypeBind
			// As docker's -v does: a folder that is not there is made.
			m.BindOptions = &mount.BindOptions{CreateMountpoint: true}
		}
		out = append(out, m)
	}
	return out
}

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
