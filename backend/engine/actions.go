package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/client"
)

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
