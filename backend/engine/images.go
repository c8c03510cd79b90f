package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// ImageRecord is what an engine says of one tag of an image, or of an image without tags.
type ImageRecord struct {
	containers.ImageStatus
	// Err says that the engine's words about this image could not be read. No more than ID is to be used then.
	Err error
}

type (
	wireImageSummary struct {
		ID          string `json:"Id"`
		Created     int64
		Labels      map[string]string
		RepoTags    []string
		RepoDigests []string
		Size        int64
	}
	wireImageInspect struct {
		ID          string `json:"Id"`
		Created     string
		RepoTags    []string
		RepoDigests []string
		Size        int64
		Config      struct{ Labels map[string]string }
	}
)

// Images reads the images of these IDs or references with an inspect for each, or, given none, all with one list.
// Images that are gone are left out. An inspect also finds the layers between images that lists do not show; those
// look like images without tags.
func (c *Client) Images(ctx context.Context, ids ...string) ([]ImageRecord, error) {
	if len(ids) > 0 {
		return each(ctx, ids, c.inspectImage)
	}
	var found []ImageRecord
	err := c.read(ctx, "/images/json", func(r io.Reader) (err error) {
		found, err = decodeImages(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list images: %w", err)
	}
	return found, nil
}

// ImageIDOf asks which image a reference names now.
func (c *Client) ImageIDOf(ctx context.Context, ref string) (string, error) {
	records, err := c.inspectImage(ctx, ref)
	if err != nil {
		return "", err
	}
	return records[0].ID, nil
}

func (c *Client) inspectImage(ctx context.Context, ref string) ([]ImageRecord, error) {
	name, err := segments(ref)
	if err != nil {
		return nil, fmt.Errorf("inspect image %s: %w", ref, err)
	}
	var found []ImageRecord
	err = c.read(ctx, "/images/"+name+"/json", func(r io.Reader) (err error) {
		found, err = decodeImage(r)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("inspect image %s: %w", ref, err)
	}
	return found, nil
}

func decodeImages(r io.Reader) ([]ImageRecord, error) {
	var all []ImageRecord
	err := elements(r, func(w wireImageSummary, err error) {
		if err == nil && w.ID == "" {
			err = errNoID
		}
		if err != nil {
			all = append(all, ImageRecord{ImageStatus: containers.ImageStatus{ID: w.ID}, Err: err})
			return
		}
		all = append(all, perTag(containers.ImageStatus{
			ID: w.ID, RepoTags: set(w.RepoTags), RepoDigests: set(w.RepoDigests), Size: w.Size, Labels: filled(w.Labels),
			CreatedAt: unixTime(w.Created),
		})...)
	})
	return all, err
}

// decodeImage gives at least one record.
func decodeImage(r io.Reader) ([]ImageRecord, error) {
	var w wireImageInspect
	if err := json.NewDecoder(r).Decode(&w); err != nil {
		return nil, err
	}
	if w.ID == "" {
		return nil, errNoID
	}
	return perTag(containers.ImageStatus{
		ID: w.ID, RepoTags: set(w.RepoTags), RepoDigests: set(w.RepoDigests), Size: w.Size, Labels: filled(w.Config.Labels),
		CreatedAt: textTime(w.Created),
	}), nil
}

func perTag(image containers.ImageStatus) []ImageRecord {
	image.Namespace = containers.MobyNamespace
	image.RepoDigests = digestsOf(image.ID, image.RepoTags, image.RepoDigests)
	if len(image.RepoTags) == 0 {
		image.Dangling = true
		return []ImageRecord{{ImageStatus: image}}
	}
	all := make([]ImageRecord, 0, len(image.RepoTags))
	for _, tag := range image.RepoTags {
		one := *image.DeepCopy()
		one.RepoTag = tag
		all = append(all, ImageRecord{ImageStatus: one})
	}
	return all
}
