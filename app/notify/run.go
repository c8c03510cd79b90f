package notify

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/watch"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/diagnostics"
	"github.com/berth-desktop/berth/backend/paths"
)

const (
	// retry is how often a daemon that is away is looked for: an engine that ends is dead for a second, and nobody is told
	// of what was not seen.
	retry = 200 * time.Millisecond
	// diskEvery is how often the disk is looked at.
	diskEvery = time.Minute
)

// Desktop shows notices.
type Desktop interface {
	// Show tells the user.
	Show(ctx context.Context, n Notice) error
	// Clicks gives the links of notices that were clicked.
	Clicks() <-chan string
}

// Config is what Run needs. All fields are required.
type Config struct {
	Paths   paths.Paths
	Desktop Desktop
	// Open shows the window at a link, and returns once that is closed.
	Open func(ctx context.Context, link string) error
	Log  *slog.Logger
}

// Run watches and tells until ctx ends. A daemon that is away is waited for: whoever ended it meant it.
func Run(ctx context.Context, cfg Config) error {
	seen := make(chan func(*Judge, time.Time) *Notice)
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		for ctx.Err() == nil {
			err := watchDaemon(ctx, cfg, seen)
			cfg.Log.Debug("Nothing to notify of", "err", err)
			select {
			case <-time.After(retry):
			case <-ctx.Done():
			}
		}
		return ctx.Err()
	})
	all.Go(func() error { return tell(ctx, cfg, seen) })
	return all.Wait()
}

func tell(ctx context.Context, cfg Config, seen <-chan func(*Judge, time.Time) *Notice) error {
	judge := NewJudge()
	disk := time.NewTicker(diskEvery)
	defer disk.Stop()
	unopened := make(chan *Notice)
	for {
		var n *Notice
		select {
		case <-ctx.Done():
			return ctx.Err()
		case look := <-seen:
			n = look(judge, time.Now())
		case <-disk.C:
			n = judge.Disk(diagnostics.Disk(cfg.Paths.Data))
		case link := <-cfg.Desktop.Clicks():
			go func() { // nobody waits for it: the window outlives us
				err := cfg.Open(ctx, link)
				if err == nil {
					return
				}
				select {
				case unopened <- &Notice{Cause: "window", Title: "Berth’s window could not be opened", Body: err.Error(), Link: link, Urgent: true}:
				case <-ctx.Done():
				}
			}()
		case n = <-unopened:
		}
		if n == nil {
			continue
		}
		cfg.Log.Info("Notifying", "cause", n.Cause, "title", n.Title)
		if err := cfg.Desktop.Show(ctx, *n); err != nil && ctx.Err() == nil {
			cfg.Log.Info("A notification cannot be shown", "cause", n.Cause, "err", err)
		}
	}
}

// watchDaemon passes on what one daemon says, until it goes.
func watchDaemon(ctx context.Context, cfg Config, seen chan<- func(*Judge, time.Time) *Notice) error {
	c, err := client.Connect(ctx, client.Options{Paths: cfg.Paths, Log: cfg.Log})
	if err != nil {
		return err
	}
	defer c.Close()
	app, err := c.App(ctx)
	if err != nil {
		return err
	}
	cfg.Log.Info("Following the daemon for what is news")
	pass := func(look func(*Judge, time.Time) *Notice) {
		select {
		case seen <- look:
		case <-ctx.Done():
		}
	}
	pass(func(j *Judge, _ time.Time) *Notice {
		j.Anew()
		return nil
	})
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		for e, err := range c.Apps().Watch(ctx, appv1.AppName) {
			if err != nil {
				return err
			}
			if e.Type == watch.Added || e.Type == watch.Modified {
				pass(func(j *Judge, now time.Time) *Notice { return j.App(e.Object, now) })
			}
		}
		return ctx.Err()
	})
	both.Go(func() error {
		for e, err := range c.Containers(app.Spec.Namespace).Watch(ctx, "") {
			if err != nil {
				return err
			}
			if e.Type != watch.Bookmark {
				pass(lookAt(e.Object, e.Type == watch.Deleted))
			}
		}
		return ctx.Err()
	})
	return both.Wait()
}

func lookAt(c *containersv1.Container, gone bool) func(*Judge, time.Time) *Notice {
	return func(j *Judge, now time.Time) *Notice { return j.Container(c, gone, now) }
}
