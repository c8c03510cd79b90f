package tray

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/watch"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/dockercontext"
	"github.com/berth-desktop/berth/backend/paths"
)

const (
	// glance is how often docker's choice is read: it is a small file that others write.
	glance = 5 * time.Second
	// engineTimeout is more than an engine takes to stop, and actionTimeout more than docker gives a container.
	engineTimeout, actionTimeout = 2 * time.Minute, time.Minute
)

// errMoved says that the mirror writes elsewhere from now on, or that the engine is on another machine.
var errMoved = errors.New("the engine, or the namespace of its objects, is another one")

type resource = *client.Resource[containersv1.Container, *containersv1.Container]

// daemon is the Daemon of one instance.
type daemon struct {
	paths  paths.Paths
	env    []string
	docker dockercontext.Place
	log    *slog.Logger
}

// NewDaemon gives the daemon of the instance at p, whose docker context is docker. One that it starts gets the
// environment env.
func NewDaemon(p paths.Paths, env []string, docker dockercontext.Place, log *slog.Logger) Daemon {
	return &daemon{paths: p, env: env, docker: docker, log: log}
}

func (d *daemon) connect(ctx context.Context, start bool) (*client.Client, error) {
	return client.Connect(ctx, client.Options{Paths: d.paths, Start: start, Env: d.env, Log: d.log})
}

// Watch implements Daemon.
func (d *daemon) Watch(ctx context.Context, start bool, o Observer) error {
	c, err := d.connect(ctx, start)
	if err != nil {
		return err
	}
	defer c.Close()
	app, err := c.App(ctx)
	if err != nil {
		return err
	}
	all, ctx := errgroup.WithContext(ctx)
	looks := make(chan struct{}, 1)
	all.Go(func() error {
		for e, err := range c.Apps().Watch(ctx, appv1.AppName) {
			if err != nil {
				return err
			}
			if e.Type == watch.Added || e.Type == watch.Modified {
				if e.Object.Spec.Namespace != app.Spec.Namespace || engineHost(e.Object) != engineHost(app) {
					return errMoved
				}
				o.App(e.Object)
				wakeUp(looks) // the context comes and goes with the engine
			}
		}
		return ctx.Err()
	})
	all.Go(func() error {
		return watchContainers(ctx, c.Containers(app.Spec.Namespace), engineHost(app), o.Containers)
	})
	all.Go(func() error { return d.watchContext(ctx, looks, o.Context) })
	return all.Wait()
}

// watchContainers tells of those that run, whenever that is different.
func watchContainers(ctx context.Context, c resource, engine string, observe func([]Container)) error {
	known, told, synced := map[string]Container{}, []Container(nil), false
	for e, err := range c.Watch(ctx, "") {
		if err != nil {
			return err
		}
		switch e.Type {
		case watch.Bookmark:
			synced = true
		case watch.Deleted:
			delete(known, e.Object.Name)
		default:
			if seen, running := ObserveContainer(e.Object, engine); running {
				known[seen.ID] = seen
			} else {
				delete(known, e.Object.Name)
			}
		}
		if !synced {
			continue
		}
		now := make([]Container, 0, len(known))
		for _, one := range known {
			now = append(now, one)
		}
		if now = sorted(now); told == nil || !reflect.DeepEqual(now, told) {
			told = now
			observe(now)
		}
	}
	return ctx.Err()
}

// watchContext tells what docker uses, whenever that is different.
func (d *daemon) watchContext(ctx context.Context, looks <-chan struct{}, observe func(DockerContext)) error {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for told := (DockerContext{}); ; {
		now := DockerContext{Name: d.docker.Name}
		if s, err := d.docker.Look(); err == nil {
			now.There, now.Current = s.Context != nil, s.Current
		}
		if now != told {
			told = now
			observe(now)
		}
		select {
		case <-tick.C:
		case <-looks:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
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

// RestartEngine implements Daemon. A start that came before the stop is over would be all that the daemon sees.
func (d *daemon) RestartEngine(ctx context.Context) error {
	c, err := d.connect(ctx, true)
	if err != nil {
		return err
	}
	defer c.Close()
	app, err := c.SetRunning(ctx, false)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, engineTimeout)
	defer cancel()
	if err := c.WaitSettled(limited, app.Generation, nil); err != nil {
		return err
	}
	_, err = c.SetRunning(ctx, true)
	return err
}

// Act implements Daemon.
func (d *daemon) Act(ctx context.Context, id string, action containersv1.Action) error {
	c, err := d.connect(ctx, false)
	if err != nil {
		return err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, actionTimeout)
	defer cancel()
	app, err := c.App(ctx)
	if err != nil {
		return err
	}
	all := c.Containers(app.Spec.Namespace)
	wish := map[string]any{"metadata": map[string]any{"annotations": map[string]any{containersv1.AnnotationAction: string(action)}}}
	asked, err := all.Patch(ctx, id, wish)
	if err != nil {
		return err
	}
	for e, err := range all.Watch(ctx, id) {
		switch {
		case err != nil:
			return err
		case e.Type == watch.Deleted:
			if action == containersv1.ActionStop {
				return nil // it was made to be removed when it stops
			}
			return errors.New("the container went away")
		case e.Type == watch.Bookmark:
			continue
		}
		if last := outcomeOf(e.Object, asked, action); last != nil {
			if last.State == containersv1.ActionFailed {
				return errors.New(last.Error)
			}
			return nil
		}
	}
	return ctx.Err()
}

// outcomeOf is the outcome of the action that was asked for, once there is one. That of an earlier one does not count.
func outcomeOf(now, asked *containersv1.Container, action containersv1.Action) *containersv1.LastAction {
	last := now.Status.LastAction
	if last == nil || last.Action != action || last.State == containersv1.ActionPending {
		return nil
	}
	if before := asked.Status.LastAction; before != nil && !last.ObservedAt.After(before.ObservedAt.Time) {
		return nil
	}
	return last
}

// UseContext implements Daemon.
func (d *daemon) UseContext(context.Context) error { return d.docker.Use() }

// Quit implements Daemon.
func (d *daemon) Quit(ctx context.Context) error { return client.Quit(ctx, d.paths) }
