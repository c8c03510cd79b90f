package tray

import (
	"context"
	"log/slog"

	"k8s.io/apimachinery/pkg/watch"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// daemon is the Daemon of one instance.
type daemon struct {
	paths paths.Paths
	env   []string
	log   *slog.Logger
}

// NewDaemon gives the daemon of the instance at p. One that it starts gets the environment env.
func NewDaemon(p paths.Paths, env []string, log *slog.Logger) Daemon {
	return &daemon{paths: p, env: env, log: log}
}

func (d *daemon) connect(ctx context.Context, start bool) (*client.Client, error) {
	return client.Connect(ctx, client.Options{Paths: d.paths, Start: start, Env: d.env, Log: d.log})
}

// Watch implements Daemon.
func (d *daemon) Watch(ctx context.Context, start bool, observe func(*appv1.App)) error {
	c, err := d.connect(ctx, start)
	if err != nil {
		return err
	}
	defer c.Close()
	for e, err := range c.Apps().Watch(ctx, appv1.AppName) {
		if err != nil {
			return err
		}
		if e.Type == watch.Added || e.Type == watch.Modified {
			observe(e.Object)
		}
	}
	return ctx.Err()
}

// StartEngine implements Daemon.
func (d *daemon) StartEngine(ctx context.Context) error { return d.setRunning(ctx, true) }

// StopEngine implements Daemon.
func (d *daemon) StopEngine(ctx context.Context) error { return d.setRunning(ctx, false) }

func (d *daemon) setRunning(ctx context.Context, running bool) error {
	c, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.SetRunning(ctx, running)
	return err
}

// Quit implements Daemon.
func (d *daemon) Quit(ctx context.Context) error { return client.Quit(ctx, d.paths) }
