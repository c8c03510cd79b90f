package mirror

import (
	"context"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

func (c *connection) readVolume(ctx context.Context, name string) error {
	if name == "" {
		return c.compareVolumes(ctx)
	}
	deadline, cancel := context.WithTimeout(ctx, infoDeadline) // a volume's driver is somebody else's program
	defer cancel()
	found, err := c.engine.Volumes(deadline, name)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return c.rows.volumes.remove(ctx, containers.VolumeName(name))
	}
	if found[0].Err != nil {
		return found[0].Err
	}
	return c.writeVolume(ctx, found[0])
}

func (c *connection) writeVolume(ctx context.Context, r engine.VolumeRecord) error {
	return c.rows.volumes.put(ctx, containers.VolumeName(r.Name), func(obj *containers.Volume) {
		c.mergeVolume(obj, r)
	})
}

func (c *connection) mergeVolume(obj *containers.Volume, r engine.VolumeRecord) {
	now := r.VolumeStatus
	now.Conditions, now.InUseBy = obj.Status.Conditions, c.uses.names(engine.KindVolume, r.Name)
	obj.Status = now
}
