// Package volume reconciles Volumes: it carries the deletes that users ask of them to the engine.
package volume

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
)

// Engine is what is asked of an engine here.
type Engine interface {
	RemoveVolume(ctx context.Context, name string) error
}

// Config is what a Reconciler needs.
type Config = mirrored.Access[containers.Volume, *containers.Volume, Engine]

// Reconciler reconciles Volumes.
type Reconciler = mirrored.Deleter[containers.Volume, *containers.Volume, Engine]

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return mirrored.NewDeleter(mirrored.Kind[containers.Volume, *containers.Volume, Engine]{
		Name: "volume",
		Bare: func(v *containers.Volume) bool { return v.Status.Name == "" },
		Remove: func(ctx context.Context, eng Engine, v *containers.Volume) error {
			return eng.RemoveVolume(ctx, v.Status.Name)
		},
		Uses: func(c *containers.Container, v *containers.Volume) bool { // running or not
			return slices.ContainsFunc(c.Status.Mounts, func(m containers.Mount) bool { return m.Type == "volume" && m.Name == v.Status.Name })
		},
		Conditions: func(v *containers.Volume) *[]metav1.Condition { return &v.Status.Conditions },
	}, cfg)
}
