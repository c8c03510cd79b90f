package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/moby/moby/client"

	"github.com/berth-desktop/berth/backend/api/stream"
)

// VolumeSize measures one volume. No engine measures fewer than all of them, and before API 1.42 images and containers
// with them: it may take long, and ends with ctx.
func (c *Client) VolumeSize(ctx context.Context, name string) (stream.Measure, error) {
	usage, err := c.moby.DiskUsage(ctx, client.DiskUsageOptions{Volumes: true, Verbose: true})
	if err != nil {
		return stream.Measure{}, done("measure volume", name, err)
	}
	for _, v := range usage.Volumes.Items {
		if v.Name != name {
			continue
		}
		size := int64(-1)
		if v.UsageData != nil {
			size = v.UsageData.Size
		}
		return stream.Measure{Bytes: size, At: time.Now().UTC()}, nil
	}
	return stream.Measure{}, fmt.Errorf("measure volume %s: %w", name, ErrNotFound)
}
