// Package imagepull reconciles ImagePulls: it has the engine fetch the image that each asks for, once, and tells how far
// that has come.
package imagepull

import (
	"context"
	"log/slog"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/registry"
	"github.com/berth-desktop/berth/backend/controllers/internal/request"
	"github.com/berth-desktop/berth/backend/engine"
)

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Requests store.Store[containers.ImagePull, *containers.ImagePull]
	// Locate finds the engine of a namespace; its error is told to the user as it is.
	Locate func(ctx context.Context, namespace string) (registry.Puller, error)
	// Logins are the user's.
	Logins registry.Logins
	// Now is the clock by which requests are collected.
	Now func() time.Time
	Log *slog.Logger
}

// Reconciler reconciles ImagePulls.
type Reconciler = request.Reconciler[containers.ImagePull, *containers.ImagePull]

type (
	outcome = request.Outcome[*containers.ImagePull]
	tell    = request.Tell[*containers.ImagePull]
)

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return request.New(request.Config[containers.ImagePull, *containers.ImagePull]{
		Name: "imagepull", Requests: cfg.Requests,
		Conditions: func(p *containers.ImagePull) *[]metav1.Condition { return &p.Status.Conditions },
		CarryOut: func(ctx context.Context, p *containers.ImagePull, tell tell) outcome {
			pulled, err := carryOut(ctx, cfg, p, tell)
			if err != nil {
				return failed(err)
			}
			return complete(pulled)
		},
		Now: cfg.Now, Log: cfg.Log,
	})
}

func carryOut(ctx context.Context, cfg Config, p *containers.ImagePull, tell tell) (engine.Pulled, error) {
	eng, err := cfg.Locate(ctx, p.Namespace)
	if err != nil {
		return engine.Pulled{}, err
	}
	tell(func(p *containers.ImagePull) { p.Status.Progress = "Pulling " + p.Spec.Reference })
	return registry.Pull(ctx, eng, cfg.Logins, p.Spec.Reference, p.Spec.Platform, func(now engine.Progress) {
		tell(func(p *containers.ImagePull) { registry.Show(&p.Status.TransferProgress, now) })
	})
}

func failed(err error) outcome {
	return outcome{Condition: registry.Failed(err), Apply: func(p *containers.ImagePull) { p.Status.Progress = "" }}
}

func complete(pulled engine.Pulled) outcome {
	return outcome{
		Condition: metav1.Condition{Type: containers.ConditionComplete, Status: metav1.ConditionTrue, Reason: "Pulled", Message: "The image is there."},
		Apply: func(p *containers.ImagePull) {
			p.Status.ImageID = pulled.ID
			registry.Arrived(&p.Status.TransferProgress)
			if pulled.Listed {
				p.Status.ImageName = containers.ImageName(pulled.ID, pulled.RepoTag)
			}
		},
	}
}
