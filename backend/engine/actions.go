package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/moby/moby/client"
)

// signalsSince is the minor version of the API in which a stop takes a signal.
const signalsSince = 42

// StartContainer starts a container. One that runs is left as it is.
func (c *Client) StartContainer(ctx context.Context, id string) error {
	_, err := c.moby.ContainerStart(ctx, id, client.ContainerStartOptions{})
	return done("start container", id, err)
}

// StopContainer stops a container, by force after its own grace. One that does not run is left as it is.
func (c *Client) StopContainer(ctx context.Context, id string) error {
	_, err := c.moby.ContainerStop(ctx, id, client.ContainerStopOptions{})
	return done("stop container", id, err)
}

// RestartContainer stops and starts a container.
func (c *Client) RestartContainer(ctx context.Context, id string) error {
	_, err := c.moby.ContainerRestart(ctx, id, client.ContainerRestartOptions{})
	return done("restart container", id, err)
}

// StopOptions say how a container is ended. What is left out is as whoever made it said.
type StopOptions struct {
	Signal  string
	Timeout *int // seconds until it is ended by force; less than 0 means never
}

// StopContainerBy stops a container as o says.
func (c *Client) StopContainerBy(ctx context.Context, id string, o StopOptions) error {
	if err := c.knowsSignals(ctx, o); err != nil {
		return err
	}
	_, err := c.moby.ContainerStop(ctx, id, client.ContainerStopOptions{Signal: o.Signal, Timeout: o.Timeout})
	return done("stop container", id, err)
}

// RestartContainerBy stops a container as o says, and starts it.
func (c *Client) RestartContainerBy(ctx context.Context, id string, o StopOptions) error {
	if err := c.knowsSignals(ctx, o); err != nil {
		return err
	}
	_, err := c.moby.ContainerRestart(ctx, id, client.ContainerRestartOptions{Signal: o.Signal, Timeout: o.Timeout})
	return done("restart container", id, err)
}

// knowsSignals refuses a signal that an old engine would pass over without a word.
func (c *Client) knowsSignals(ctx context.Context, o StopOptions) error {
	if o.Signal == "" {
		return nil
	}
	version, err := c.negotiated(ctx)
	if err != nil {
		return err
	}
	if minor, err := strconv.Atoi(strings.TrimPrefix(version, "1.")); err == nil && minor < signalsSince {
		return &answer{kind: ErrInvalid, words: "this engine is older than Docker 23 and stops containers by their own signal only: send yours with kill"}
	}
	return nil
}

// SignalContainer sends a signal, such as HUP or 1, to a running container.
func (c *Client) SignalContainer(ctx context.Context, id, signal string) error {
	_, err := c.moby.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: signal})
	return done("signal container", id, err)
}

// RenameContainer gives a container another name.
func (c *Client) RenameContainer(ctx context.Context, id, name string) error {
	_, err := c.moby.ContainerRename(ctx, id, client.ContainerRenameOptions{NewName: name})
	return done("rename container", id, err)
}

// PauseContainer freezes a running container.
func (c *Client) PauseContainer(ctx context.Context, id string) error {
	_, err := c.moby.ContainerPause(ctx, id, client.ContainerPauseOptions{})
	return done("pause container", id, err)
}

// UnpauseContainer lets a frozen container go on.
func (c *Client) UnpauseContainer(ctx context.Context, id string) error {
	_, err := c.moby.ContainerUnpause(ctx, id, client.ContainerUnpauseOptions{})
	return done("unpause container", id, err)
}

// KillContainer ends a running container at once.
func (c *Client) KillContainer(ctx context.Context, id string) error {
	_, err := c.moby.ContainerKill(ctx, id, client.ContainerKillOptions{Signal: "SIGKILL"})
	return done("kill container", id, err)
}

// RemoveContainer removes a container, running or not, and its anonymous volumes.
func (c *Client) RemoveContainer(ctx context.Context, id string) error {
	_, err := c.moby.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	return done("remove container", id, err)
}

// RemoveImage removes a tag, and the image with its last one, or, given an ID, an image. It never forces.
func (c *Client) RemoveImage(ctx context.Context, ref string) error {
	_, err := c.moby.ImageRemove(ctx, ref, client.ImageRemoveOptions{PruneChildren: true})
	return done("remove image", ref, err)
}

// RemoveVolume removes a volume and its data.
func (c *Client) RemoveVolume(ctx context.Context, name string) error {
	_, err := c.moby.VolumeRemove(ctx, name, client.VolumeRemoveOptions{})
	return done("remove volume", name, err)
}

// RemoveNetwork removes a network that nobody is connected to.
func (c *Client) RemoveNetwork(ctx context.Context, id string) error {
	_, err := c.moby.NetworkRemove(ctx, id, client.NetworkRemoveOptions{})
	err = done("remove network", id, err)
	// Engines forbid this as they forbid what nobody may ever do, though it passes.
	if err != nil && strings.Contains(err.Error(), "has active endpoints") {
		return fmt.Errorf("%w", &answer{kind: ErrConflict, words: err.Error(), cause: err})
	}
	return err
}

func done(what, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", what, short(id), translate(err))
}

// short is a container's ID as docker users know it; anything else stays as it is.
func short(id string) string {
	if len(id) == 64 {
		return id[:12]
	}
	return id
}
