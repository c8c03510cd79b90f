package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/moby/moby/client"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// VolumeRecord is what an engine says of one volume.
type VolumeRecord struct {
	containers.VolumeStatus
	// Err says that the engine's words about this volume could not be read. No more than Name is to be used then.
	Err error
}

type wireVolume struct {
	Name, Driver, Scope, Mountpoint, CreatedAt string
	Labels, Options                            map[string]string
}

// Volumes reads the volumes of these names with an inspect for each (the engine's own filter takes a part of a name
// for the whole), or, given none, all with one list. Volumes that are gone are left out.
func (c *Client) Volumes(ctx context.Context, names ...string) ([]VolumeRecord, error) {
	if len(names) > 0 {
		return each(ctx, names, c.inspectVolume)
	}
	var found []VolumeRecord
	err := c.read(ctx, "/volumes", func(r io.Reader) (err error) {
		found, err = decodeVolumes(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	return found, nil
}

func (c *Client) inspectVolume(ctx context.Context, name string) ([]VolumeRecord, error) {
	escaped, err := segment(name)
	if err != nil {
		return nil, fmt.Errorf("inspect volume %s: %w", name, err)
	}
	var found VolumeRecord
	err = c.read(ctx, "/volumes/"+escaped, func(r io.Reader) (err error) {
		found, err = decodeVolume(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("inspect volume %s: %w", name, err)
	}
	return []VolumeRecord{found}, nil
}

func decodeVolumes(r io.Reader) ([]VolumeRecord, error) {
	var said struct{ Volumes json.RawMessage }
	if err := json.NewDecoder(r).Decode(&said); err != nil {
		return nil, err
	}
	if said.Volumes == nil { // null would say that there are none; this says nothing
		return nil, errors.New("it holds no list of volumes")
	}
	var all []VolumeRecord
	err := elements(bytes.NewReader(said.Volumes), func(w wireVolume, err error) { all = append(all, w.record(err)) })
	return all, err
}

func decodeVolume(r io.Reader) (VolumeRecord, error) {
	var w wireVolume
	if err := json.NewDecoder(r).Decode(&w); err != nil {
		return VolumeRecord{}, err
	}
	v := w.record(nil)
	return v, v.Err
}

func (w *wireVolume) record(err error) VolumeRecord {
	if err == nil && w.Name == "" {
		err = errNoID
	}
	if err != nil {
		return VolumeRecord{VolumeStatus: containers.VolumeStatus{Name: w.Name}, Err: err}
	}
	return VolumeRecord{VolumeStatus: containers.VolumeStatus{
		Name: w.Name, Namespace: containers.MobyNamespace, Driver: w.Driver, Scope: w.Scope, Mountpoint: w.Mountpoint,
		Labels: filled(w.Labels), Options: filled(w.Options), ComposeProject: w.Labels[containers.LabelComposeProject],
		CreatedAt: textTime(w.CreatedAt),
	}}
}

// CreateVolume makes a volume, or takes the one of that name, and gives its name.
func (c *Client) CreateVolume(ctx context.Context, spec *containers.VolumeCreateSpec) (name string, err error) {
	made, err := c.moby.VolumeCreate(ctx, client.VolumeCreateOptions{
		Name: spec.Name, Driver: spec.Driver, DriverOpts: spec.Options, Labels: spec.Labels,
	})
	if err != nil {
		return "", fmt.Errorf("create volume %s: %w", spec.Name, translate(err))
	}
	return made.Volume.Name, nil
}
