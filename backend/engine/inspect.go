package engine

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/berth-desktop/berth/backend/api/stream"
)

// maxInspect is far more than any engine says of one thing.
const maxInspect = 32 << 20

// Inspect copies all that the engine says of one thing, which is JSON, to w.
func (c *Client) Inspect(ctx context.Context, key Key, w io.Writer) error {
	at, err := place(key)
	if err != nil {
		return fmt.Errorf("inspect %s %s: %w", key.Kind, short(key.ID), err)
	}
	return c.copy(ctx, fmt.Sprintf("inspect %s %s", key.Kind, short(key.ID)), at, w)
}

// History copies what the engine says of how an image was built, which is JSON, to w.
func (c *Client) History(ctx context.Context, ref string, w io.Writer) error {
	name, err := segments(ref)
	if err != nil {
		return fmt.Errorf("ask for the history of image %s: %w", ref, err)
	}
	return c.copy(ctx, "ask for the history of image "+ref, "/images/"+name+"/history", w)
}

// Top lists what runs in a container. arguments are those of ps, where the engine's machine has one; they may be empty.
func (c *Client) Top(ctx context.Context, id, arguments string) (out stream.Processes, err error) {
	name, err := segment(id)
	if err != nil {
		return out, fmt.Errorf("list the processes of container %s: %w", short(id), err)
	}
	at := "/containers/" + name + "/top"
	if arguments != "" {
		at += "?ps_args=" + url.QueryEscape(arguments)
	}
	if err := c.get(ctx, at, &out); err != nil {
		return out, fmt.Errorf("list the processes of container %s: %w", short(id), err)
	}
	return out, nil
}

func (c *Client) copy(ctx context.Context, what, path string, w io.Writer) error {
	err := c.read(ctx, path, func(r io.Reader) error {
		_, err := io.Copy(w, io.LimitReader(r, maxInspect))
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func place(key Key) (string, error) {
	if key.Kind == KindImage {
		name, err := segments(key.ID)
		return "/images/" + name + "/json", err
	}
	name, err := segment(key.ID)
	switch key.Kind {
	case KindContainer:
		return "/containers/" + name + "/json", err
	case KindNetwork:
		return "/networks/" + name, err
	default:
		return "/volumes/" + name, err
	}
}
