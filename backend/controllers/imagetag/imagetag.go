// Package imagetag reconciles ImageTags: it has the engine give an image the further name that each asks for, once.
package imagetag

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
	TagImage(ctx context.Context, source, target string) (id, repoTag string, err error)
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Requests store.Store[containers.ImageTag, *containers.ImageTag]
	// Locate finds the engine of a namespace; its error is told to the user as it is.
	Locate func(ctx context.Context, namespace string) (Engine, error)
	// Now is the clock by which requests are collected.
	Now func() time.Time
	Log *slog.Logger
}

// Reconciler reconciles ImageTags.
type Reconciler = request.Reconciler[containers.ImageTag, *containers.ImageTag]

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return request.New(request.Config[containers.ImageTag, *containers.ImageTag]{
		Name: "imagetag", Requests: cfg.Requests,
		Conditions: func(r *containers.ImageTag) *[]metav1.Condition { return &r.Status.Conditions },
		CarryOut: func(ctx context.Context, r *containers.ImageTag, _ request.Tell[*containers.ImageTag]) request.Outcome[*containers.ImageTag] {
			id, repoTag, err := carryOut(ctx, cfg, r)
			return request.Ended("Tagged", "The image has the name.", err, func(r *containers.ImageTag) {
				if err == nil {
					r.Status.ImageID, r.Status.ImageName = id, containers.ImageName(id, repoTag)
				}
			})
		},
		Now: cfg.Now, Log: cfg.Log,
	})
}

func carryOut(ctx context.Context, cfg Config, r *containers.ImageTag) (id, repoTag string, err error) {
	eng, err := cfg.Locate(ctx, r.Namespace)
	if err != nil {
		return "", "", err
	}
	return eng.TagImage(ctx, r.Spec.Source, r.Spec.Target)
}
