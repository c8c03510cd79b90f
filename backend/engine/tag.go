package engine

import (
	"context"
	"fmt"

	"github.com/distribution/reference"
	"github.com/moby/moby/client"
)

// TagImage gives an image a further name, which another one that has it loses. It tells what is called so then, and under
// which name it is listed.
func (c *Client) TagImage(ctx context.Context, source, target string) (id, repoTag string, err error) {
	named, err := reference.ParseNormalizedNamed(target)
	if err != nil {
		return "", "", fmt.Errorf("tag image %s as %s: %w", source, target, &answer{kind: ErrInvalid, words: err.Error(), cause: err})
	}
	if _, err := c.moby.ImageTag(ctx, client.ImageTagOptions{Source: source, Target: target}); err != nil {
		return "", "", fmt.Errorf("tag image %s as %s: %w", source, target, translate(err))
	}
	repoTag = reference.FamiliarString(reference.TagNameOnly(named))
	id, err = c.ImageIDOf(ctx, repoTag)
	return id, repoTag, err
}
