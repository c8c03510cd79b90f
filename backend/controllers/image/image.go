// Package image reconciles Images: it carries the deletes that users ask of them to the engine. An Image stands for
// one tag, so its delete takes that tag away, and the engine removes an image with its last one.
package image

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

// Engine is what is asked of an engine here.
type Engine interface {
	ImageIDOf(ctx context.Context, ref string) (string, error)
	Images(ctx context.Context, ids ...string) ([]engine.ImageRecord, error)
	RemoveImage(ctx context.Context, ref string) error
}

// Config is what a Reconciler needs.
type Config = mirrored.Access[containers.Image, *containers.Image, Engine]

// Reconciler reconciles Images.
type Reconciler = mirrored.Deleter[containers.Image, *containers.Image, Engine]

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return mirrored.NewDeleter(mirrored.Kind[containers.Image, *containers.Image, Engine]{
		Name:       "image",
		Bare:       func(i *containers.Image) bool { return i.Status.ID == "" },
		Remove:     remove,
		Uses:       func(c *containers.Container, i *containers.Image) bool { return c.Status.ImageID == i.Status.ID },
		Conditions: func(i *containers.Image) *[]metav1.Condition { return &i.Status.Conditions },
		Chained:    true, // an image can also be in the way of the one that it was made from
	}, cfg)
}

// remove takes i's tag away, if it still names i's image: a pull or a build may have given it to another one, which
// the user did not ask to lose. The object then stands for nothing that is left.
func remove(ctx context.Context, eng Engine, i *containers.Image) error {
	if i.Status.RepoTag == "" {
		return removeUntagged(ctx, eng, i.Status.ID)
	}
	id, err := eng.ImageIDOf(ctx, i.Status.RepoTag)
	if err != nil || id != i.Status.ID {
		return err
	}
	return eng.RemoveImage(ctx, i.Status.RepoTag)
}

// removeUntagged removes an image, if it still has no tag: one that was tagged meanwhile is no longer what the user
// asked to lose, and to remove it by its ID would take that tag too.
func removeUntagged(ctx context.Context, eng Engine, id string) error {
	records, err := eng.Images(ctx, id)
	if err != nil {
		return err
	}
	for _, rec := range records {
		if rec.Err != nil {
			return rec.Err
		}
		if rec.RepoTag != "" {
			return nil
		}
	}
	if len(records) == 0 {
		return nil
	}
	return eng.RemoveImage(ctx, id)
}
