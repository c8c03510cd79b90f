package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// Push is an image that is to be sent to its registry.
type Push struct {
	Reference string
	// Platform is os/architecture[/variant]; all that the engine has if it is empty.
	Platform string
	Login    Login
}

// PushImage sends an image to its registry, tells each of how far it has come, and gives the registry's digest of it.
func (c *Client) PushImage(ctx context.Context, p Push, each func(Progress)) (digest string, err error) {
	digest, err = c.push(ctx, p, each)
	if err != nil {
		return "", fmt.Errorf("push image %s: %w", p.Reference, err)
	}
	return digest, nil
}

func (c *Client) push(ctx context.Context, p Push, each func(Progress)) (digest string, err error) {
	var o client.ImagePushOptions
	if p.Platform != "" {
		o.Platform = &platforms(p.Platform)[0]
	}
	// An empty login is told, too: without any, old engines look for one in what is sent.
	if o.RegistryAuth, err = p.Login.header(); err != nil {
		return "", err
	}
	stream, err := c.moby.ImagePush(ctx, p.Reference, o)
	if err != nil {
		return "", explained(p.Reference, translate(err))
	}
	count := newLayerCount("Pushing", p.Reference)
	err = follow(ctx, p.Reference, stream, func(m *jsonstream.Message) {
		if d := digestIn(m); d != "" {
			digest = d
		}
		if count.add(m) {
			each(count.progress())
		}
	}, func() bool { return digest != "" })
	return digest, err
}

// digestIn is what an engine says at the end of a push; "" in every other message.
func digestIn(m *jsonstream.Message) string {
	if m.Aux == nil {
		return ""
	}
	var said struct{ Digest string }
	if err := json.Unmarshal(*m.Aux, &said); err != nil {
		return "" // it is something else that stands there
	}
	return said.Digest
}
