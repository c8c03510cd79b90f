// Package volumecreate reconciles VolumeCreates: it has the engine make the volume that each asks for, once.
package volumecreate

import (
	"context"
	"log/slog"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/request"
)

// Engine is what is asked of an engine here.
type Engine interface {
	CreateVolume(ctx context.Context, spec *containers.VolumeCreateSpec) (name string, err error)
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Requests store.Store[containers.VolumeCreate, *containers.VolumeCreate]
	// Locate finds the engine of a namespace; its error is told to the user as it is.
	Locate func(ctx context.Context, namespace string) (Engine, error)
	// Now is the clock by which requests are collected.
	Now func() time.Time
	Log *slog.Logger
}

// Reconciler reconciles VolumeCreates.
type Reconciler = request.Reconciler[containers.VolumeCreate, *containers.VolumeCreate]

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return request.New(request.Config[containers.VolumeCreate, *containers.VolumeCreate]{
		Name: "volumecreate", Requests: cfg.Requests,
		Conditions: func(r *containers.VolumeCreate) *[]metav1.Condition { return &r.Status.Conditions },
		CarryOut: func(ctx context.Context, r *containers.VolumeCreate, _ request.Tell[*containers.VolumeCreate]) request.Outcome[*containers.VolumeCreate] {
			made, err := carryOut(ctx, cfg, r)
			return request.Ended("Created", "The volume is made.", err, func(r *containers.VolumeCreate) { r.Status.VolumeName = made })
		},
		Now: cfg.Now, Log: cfg.Log,
	})
}

func carryOut(ctx context.Context, cfg Config, r *containers.VolumeCreate) (name string, err error) {
	eng, err := cfg.Locate(ctx, r.Namespace)
	if err != nil {
		return "", err
	}
	return eng.CreateVolume(ctx, &r.Spec)
}
