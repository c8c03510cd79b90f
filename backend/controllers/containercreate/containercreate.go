// Package containercreate reconciles ContainerCreates: it has the engine make the container that each asks for, once.
package containercreate

import (
	"context"
	"errors"
	"log/slog"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/registry"
	"github.com/berth-desktop/berth/backend/controllers/internal/request"
	"github.com/berth-desktop/berth/backend/engine"
)

// Engine is what is asked of an engine here.
type Engine interface {
	registry.Puller
	CreateContainer(ctx context.Context, spec *containers.ContainerCreateSpec) (id string, warnings []string, err error)
	StartContainer(ctx context.Context, id string) error
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Requests store.Store[containers.ContainerCreate, *containers.ContainerCreate]
	// Locate finds the engine of a namespace; its error is told to the user as it is.
	Locate func(ctx context.Context, namespace string) (Engine, error)
	// Logins are the user's.
	Logins registry.Logins
	// Now is the clock by which requests are collected.
	Now func() time.Time
	Log *slog.Logger
}

// Reconciler reconciles ContainerCreates.
type Reconciler = request.Reconciler[containers.ContainerCreate, *containers.ContainerCreate]

type tell = request.Tell[*containers.ContainerCreate]

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return request.New(request.Config[containers.ContainerCreate, *containers.ContainerCreate]{
		Name: "containercreate", Requests: cfg.Requests,
		Conditions: func(c *containers.ContainerCreate) *[]metav1.Condition { return &c.Status.Conditions },
		CarryOut: func(ctx context.Context, c *containers.ContainerCreate, tell tell) request.Outcome[*containers.ContainerCreate] {
			return outcome(carryOut(ctx, cfg, c, tell))
		},
		Now: cfg.Now, Log: cfg.Log,
	})
}

// made is what became of a request.
type made struct {
	id       string
	warnings []string
}

func carryOut(ctx context.Context, cfg Config, c *containers.ContainerCreate, tell tell) (out made, err error) {
	eng, err := cfg.Locate(ctx, c.Namespace)
	if err != nil {
		return out, err
	}
	if c.Spec.Pull == containers.PullAlways {
		if err := fetch(ctx, cfg, eng, &c.Spec, tell); err != nil {
			return out, err
		}
	}
	out.id, out.warnings, err = eng.CreateContainer(ctx, &c.Spec)
	if errors.Is(err, engine.ErrNotFound) && (c.Spec.Pull == "" || c.Spec.Pull == containers.PullMissing) && engine.IsImageMissing(err) {
		if err := fetch(ctx, cfg, eng, &c.Spec, tell); err != nil {
			return out, err
		}
		out.id, out.warnings, err = eng.CreateContainer(ctx, &c.Spec)
	}
	if err != nil || !c.Spec.Start {
		return out, err
	}
	return out, eng.StartContainer(ctx, out.id)
}

func fetch(ctx context.Context, cfg Config, eng Engine, spec *containers.ContainerCreateSpec, tell tell) error {
	show := func(line string) {
		tell(func(c *containers.ContainerCreate) { c.Status.Progress = line })
	}
	show("Pulling " + spec.Image)
	_, err := registry.Pull(ctx, eng, cfg.Logins, spec.Image, spec.Platform, func(now engine.Progress) { show(now.Line) })
	return err
}

func outcome(out made, err error) request.Outcome[*containers.ContainerCreate] {
	return request.Ended("Created", "The container is made.", err, func(c *containers.ContainerCreate) {
		c.Status.ContainerID, c.Status.Warnings, c.Status.Progress = out.id, out.warnings, ""
	})
}
