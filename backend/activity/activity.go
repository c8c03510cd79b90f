// Package activity tells what happened: it watches what the API says of the engine and its things, writes each change
// that a person would speak of as an Activity object, and remembers the newest across restarts of the daemon.
//
// It believes in what was observed only, never in an event or a wish. So a start and an end that both lie between two
// looks of the mirror are told as one end. Only package backend uses it.
package activity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
)

// Config is what a Journal needs. All fields are required.
type Config struct {
	Activities store.Store[app.Activity, *app.Activity]
	Apps       store.Store[app.App, *app.App]
	Containers store.Store[containers.Container, *containers.Container]
	Images     store.Store[containers.Image, *containers.Image]
	Volumes    store.Store[containers.Volume, *containers.Volume]
	Networks   store.Store[containers.Network, *containers.Network]
	// File remembers activities across restarts. Its folder is there.
	File string
	Log  *slog.Logger
}

// Journal writes the activities.
type Journal struct {
	cfg  Config
	told chan app.ActivityStatus
	// following waits until all that is there at first was seen: what happens from then on is news.
	following sync.WaitGroup
}

// New makes a journal. It reads nothing yet; Run does.
func New(cfg Config) *Journal {
	const waiting = 256 // a storm is thinned by the writer, which is faster than the watches
	const kinds = 5
	j := &Journal{cfg: cfg, told: make(chan app.ActivityStatus, waiting)}
	j.following.Add(kinds)
	return j
}

// Run tells what happens until ctx ends. A file that cannot be read or written costs the memory of earlier days, and
// nothing else.
func (j *Journal) Run(ctx context.Context) error {
	w := newWriter(j.cfg)
	if err := w.recall(ctx); err != nil {
		j.cfg.Log.Warn("What happened earlier could not be read", "error", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return w.run(ctx, j.told) })
	g.Go(func() error { return follow(ctx, j, j.cfg.Apps, appTeller()) })
	g.Go(func() error { return follow(ctx, j, j.cfg.Containers, containerTeller()) })
	g.Go(func() error { return follow(ctx, j, j.cfg.Images, imageTeller()) })
	g.Go(func() error { return follow(ctx, j, j.cfg.Volumes, volumeTeller()) })
	g.Go(func() error { return follow(ctx, j, j.cfg.Networks, networkTeller()) })
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return fmt.Errorf("tell what happens: %w", err)
	}
	return nil
}

func (j *Journal) tell(ctx context.Context, all ...app.ActivityStatus) {
	for _, a := range all {
		a.At = metav1.NowMicro()
		if a.Severity == "" {
			a.Severity = app.SeverityNormal
		}
		select {
		case j.told <- a:
		case <-ctx.Done():
			return
		}
	}
}

// connectedSince is when the engine was last found ready, and false while it is not, or is about to end. What comes and
// goes at other times is the mirror filling and emptying, and no news.
func (j *Journal) connectedSince(ctx context.Context) (time.Time, bool) {
	a, err := j.cfg.Apps.Get(ctx, types.NamespacedName{Name: app.AppName})
	if err != nil || !a.Spec.Running || condition.Get(a.Status.Conditions, app.ConditionRunning).Reason != app.ReasonStarted {
		return time.Time{}, false
	}
	ready := condition.Get(a.Status.Conditions, app.ConditionContainerEngineReady)
	return ready.LastTransitionTime.Time, ready.Status == metav1.ConditionTrue
}
