// Package networkcreate reconciles NetworkCreates: it has the engine make the network that each asks for, once.
package networkcreate

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
	CreateNetwork(ctx context.Context, spec *containers.NetworkCreateSpec) (id string, warnings []string, err error)
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Requests store.Store[containers.NetworkCreate, *containers.NetworkCreate]
	// Locate finds the engine of a namespace; its error is told to the user as it is.
	Locate func(ctx context.Context, namespace string) (Engine, error)
	// Now is the clock by which requests are collected.
	Now func() time.Time
	Log *slog.Logger
}

// Reconciler reconciles NetworkCreates.
type Reconciler = request.Reconciler[containers.NetworkCreate, *containers.NetworkCreate]

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return request.New(request.Config[containers.NetworkCreate, *containers.NetworkCreate]{
		Name: "networkcreate", Requests: cfg.Requests,
		Conditions: func(r *containers.NetworkCreate) *[]metav1.Condition { return &r.Status.Conditions },
		CarryOut: func(ctx context.Context, r *containers.NetworkCreate, _ request.Tell[*containers.NetworkCreate]) request.Outcome[*containers.NetworkCreate] {
			made, err := carryOut(ctx, cfg, r)
			return request.Ended("Created", "The network is made.", err, func(r *containers.NetworkCreate) { r.Status.NetworkID, r.Status.Warnings = made.id, made.warnings })
		},
		Now: cfg.Now, Log: cfg.Log,
	})
}

type network struct {
	id       string
	warnings []string
}

func carryOut(ctx context.Context, cfg Config, r *containers.NetworkCreate) (made network, err error) {
	eng, err := cfg.Locate(ctx, r.Namespace)
	if err != nil {
		return made, err
	}
	made.id, made.warnings, err = eng.CreateNetwork(ctx, &r.Spec)
	return made, err
}
