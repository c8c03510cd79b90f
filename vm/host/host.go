// Package host attaches to a Docker that is already there: installed on this machine, or wherever the user's docker
// command would go. It never starts or stops that engine.
package host

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/internal/docker"
	"github.com/berth-desktop/berth/vm/internal/observed"
)

const stepConnect = "Connecting to Docker"

// patience is how long an engine may take to answer: one that is far away or busy needs seconds.
const patience = 5 * time.Second

// Config says which engine is meant.
type Config struct {
	// Host is an endpoint or the name of a Docker context. Empty means what the docker command would use.
	Host string
	// Getenv reads the environment in which the user's docker command runs.
	Getenv func(string) string
	// Socket is where docker clients reach an engine that is reached by certificates or ssh. Its folder must keep other
	// users out.
	Socket string
	Logger *slog.Logger
}

// place is what a driver is attached to.
type place struct {
	target Target
	way    way
}

// Driver is attached to an engine, or not.
type Driver struct {
	cfg   Config
	state observed.State
	at    atomic.Pointer[place] // nil while it is not attached

	lane   *semaphore.Weighted // of one: whoever attaches or detaches has it
	tunnel *tunnel             // guarded by lane; nil where there is none
}

var _ vm.Driver = (*Driver)(nil)

// New returns a driver that is not attached. It looks at nothing yet.
func New(cfg Config) *Driver {
	d := &Driver{cfg: cfg, lane: semaphore.NewWeighted(1)}
	d.state.Set(vm.State{Phase: vm.Stopped})
	return d
}

// Create does nothing: the engine is there, or it is not.
func (d *Driver) Create(context.Context) error { return nil }

// Start attaches: it finds the engine and returns once that has answered.
func (d *Driver) Start(ctx context.Context, report func(vm.Step)) error {
	if err := d.lane.Acquire(ctx, 1); err != nil {
		return err
	}
	defer d.lane.Release(1)
	before := d.state.Get()
	target, err := Resolve(d.cfg.Host, d.cfg.Getenv)
	if at := d.at.Load(); err == nil && before.Phase == vm.Running && at != nil && at.target.Endpoint == target.Endpoint {
		return nil
	}
	d.state.Set(vm.State{Phase: vm.Starting})
	endpoint := ""
	if err == nil {
		if report != nil {
			report(vm.Step{Name: stepConnect, Message: target.Endpoint + ", from " + target.Origin, At: time.Now(), Within: 4 * patience})
		}
		endpoint, err = d.attach(ctx, target)
	}
	if err != nil {
		d.state.Set(vm.State{Phase: vm.Stopped})
		return errors.Join(err, d.detach())
	}
	d.cfg.Logger.Info("Attached to an engine", "endpoint", target.Endpoint, "origin", target.Origin)
	d.state.Set(vm.State{Phase: vm.Running, Endpoint: endpoint})
	return nil
}

// attach finds the way to an engine that answers, and returns where docker clients reach it.
func (d *Driver) attach(ctx context.Context, t Target) (endpoint string, err error) {
	if err := d.detach(); err != nil {
		return "", err
	}
	w, err := t.way()
	if err != nil {
		return "", err
	}
	if err := ping(ctx, t, w.reach); err != nil {
		return "", err
	}
	d.at.Store(&place{target: t, way: w})
	if w.direct {
		return t.Endpoint, nil
	}
	d.tunnel, err = dig(d.cfg.Socket, w.reach, func(err error) *vm.Failure { return explain(t, err) })
	if err != nil {
		return "", &vm.Failure{Message: "Berth cannot make a socket for this Docker: " + d.cfg.Socket, Hint: "Look at that folder's owner and at the disk", Err: err}
	}
	return "unix://" + d.cfg.Socket, nil
}

// detach lets go of the engine.
func (d *Driver) detach() error {
	d.at.Store(nil)
	t := d.tunnel
	d.tunnel = nil
	if t == nil {
		return nil
	}
	return t.close()
}

// Stop detaches. The engine goes on.
func (d *Driver) Stop(ctx context.Context) error {
	if err := d.lane.Acquire(ctx, 1); err != nil {
		return err
	}
	defer d.lane.Release(1)
	err := d.detach()
	d.state.Set(vm.State{Phase: vm.Stopped})
	return err
}

// Kill is Stop: there is nothing of ours to end.
func (d *Driver) Kill(ctx context.Context) error { return d.Stop(ctx) }

// Delete detaches. The engine's data are not ours.
func (d *Driver) Delete(ctx context.Context) error { return d.Stop(ctx) }

// Inspect asks the engine if we are attached, and nobody if not.
func (d *Driver) Inspect(ctx context.Context) (vm.State, error) {
	s := d.state.Get()
	at := d.at.Load()
	if s.Phase != vm.Running || at == nil {
		return s, nil
	}
	err := ping(ctx, at.target, at.way.reach)
	switch {
	case err == nil:
		return s, nil
	case ctx.Err() != nil:
		return vm.State{}, ctx.Err()
	}
	return vm.State{Phase: vm.Crashed, Failure: vm.FailureOf(err)}, nil
}

// Watch reports attaching and detaching only. Whether the engine still answers is seen by whoever talks to it.
func (d *Driver) Watch(ctx context.Context, observe func(vm.State)) error {
	return d.state.Watch(ctx, observe)
}

// ping returns nil if Docker answers at the target, the error of a ctx that ended, or a *vm.Failure.
func ping(ctx context.Context, t Target, r reach) error {
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := docker.Through(r).Ping(patient)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return explain(t, err)
}
