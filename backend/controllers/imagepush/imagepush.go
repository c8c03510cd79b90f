// Package imagepush reconciles ImagePushes: it has the engine send the image that each asks for to its registry, once, and
// tells how far that has come.
package imagepush

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
	Requests store.Store[containers.ImagePush, *containers.ImagePush]
	// Locate finds the engine of a namespace; its error is told to the user as it is.
	Locate func(ctx context.Context, namespace string) (registry.Pusher, error)
	// Logins are the user's.
	Logins registry.Logins
	// Now is the clock by which requests are collected.
	Now func() time.Time
	Log *slog.Logger
}

// Reconciler reconciles ImagePushes.
type Reconciler = request.Reconciler[containers.ImagePush, *containers.ImagePush]

type (
	outcome = request.Outcome[*containers.ImagePush]
	tell    = request.Tell[*containers.ImagePush]
)

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return request.New(request.Config[containers.ImagePush, *containers.ImagePush]{
		Name: "imagepush", Requests: cfg.Requests,
		Conditions: func(p *containers.ImagePush) *[]metav1.Condition { return &p.Status.Conditions },
		CarryOut: func(ctx context.Context, p *containers.ImagePush, tell tell) outcome {
			digest, err := carryOut(ctx, cfg, p, tell)
			if err != nil {
				return outcome{Condition: registry.Failed(err), Apply: func(p *containers.ImagePush) { p.Status.Progress = "" }}
			}
			return request.Ended("Pushed", "The registry has the image.", nil, func(p *containers.ImagePush) {
				p.Status.Digest = digest
				registry.Arrived(&p.Status.TransferProgress)
			})
		},
		Now: cfg.Now, Log: cfg.Log,
	})
}

func carryOut(ctx context.Context, cfg Config, p *containers.ImagePush, tell tell) (digest string, err error) {
	eng, err := cfg.Locate(ctx, p.Namespace)
	if err != nil {
		return "", err
	}
	tell(func(p *containers.ImagePush) { p.Status.Progress = "Pushing " + p.Spec.Reference })
	return registry.Push(ctx, eng, cfg.Logins, p.Spec.Reference, p.Spec.Platform, func(now engine.Progress) {
		tell(func(p *containers.ImagePush) { registry.Show(&p.Status.TransferProgress, now) })
	})
}
