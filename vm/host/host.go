// Package host attaches to a Docker that is already there: installed on this machine, or wherever the user's docker
// command would go. It never starts or stops that engine.
package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"syscall"
	"time"

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
	Logger *slog.Logger
}

// Driver is attached to an engine, or not.
type Driver struct {
	cfg   Config
	lane  chan struct{} // holds one token; whoever attaches or detaches has it
	state observed.State
}

var _ vm.Driver = (*Driver)(nil)

// New returns a driver that is not attached. It looks at nothing yet.
func New(cfg Config) *Driver {
	d := &Driver{cfg: cfg, lane: make(chan struct{}, 1)}
	d.lane <- struct{}{}
	d.state.Set(vm.State{Phase: vm.Stopped})
	return d
}

func (d *Driver) enter(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-d.lane:
		return nil
	}
}

func (d *Driver) leave() { d.lane <- struct{}{} }

// Create does nothing: the engine is there, or it is not.
func (d *Driver) Create(context.Context) error { return nil }

// Start attaches: it finds the engine and returns once that has answered.
func (d *Driver) Start(ctx context.Context, report func(vm.Step)) error {
	if err := d.enter(ctx); err != nil {
		return err
	}
	defer d.leave()
	before := d.state.Get()
	target, err := Resolve(d.cfg.Host, d.cfg.Getenv)
	if err == nil && before.Phase == vm.Running && before.Endpoint == target.Endpoint {
		return nil
	}
	d.state.Set(vm.State{Phase: vm.Starting})
	if err == nil {
		if report != nil {
			report(vm.Step{Name: stepConnect, Message: target.Endpoint + ", from " + target.Origin, At: time.Now()})
		}
		err = ping(ctx, target)
	}
	if err != nil {
		d.state.Set(vm.State{Phase: vm.Stopped})
		return err
	}
	d.cfg.Logger.Info("Attached to an engine", "endpoint", target.Endpoint, "origin", target.Origin)
	d.state.Set(vm.State{Phase: vm.Running, Endpoint: target.Endpoint})
	return nil
}

// Stop detaches. The engine goes on.
func (d *Driver) Stop(ctx context.Context) error {
	if err := d.enter(ctx); err != nil {
		return err
	}
	defer d.leave()
	d.state.Set(vm.State{Phase: vm.Stopped})
	return nil
}

// Kill is Stop: there is nothing of ours to end.
func (d *Driver) Kill(ctx context.Context) error { return d.Stop(ctx) }

// Delete detaches. The engine's data are not ours.
func (d *Driver) Delete(ctx context.Context) error { return d.Stop(ctx) }

// Inspect asks the engine if we are attached, and nobody if not.
func (d *Driver) Inspect(ctx context.Context) (vm.State, error) {
	s := d.state.Get()
	if s.Phase != vm.Running {
		return s, nil
	}
	err := ping(ctx, Target{Endpoint: s.Endpoint, Origin: "this connection"})
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
func ping(ctx context.Context, t Target) error {
	network, address, err := dialable(t.Endpoint)
	if err != nil {
		return err
	}
	patient, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = docker.New(network, address).Ping(patient)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return explain(t, err)
}

// explain says what is wrong with an engine that did not answer, and what to do.
func explain(t Target, err error) *vm.Failure {
	f := &vm.Failure{Err: err, Hint: "Or use another engine: berth set containerEngine.host=…, or berth set containerEngine.provider=native"}
	say := func(message, hint string) {
		f.Message = fmt.Sprintf("%s: %s (from %s)", message, t.Endpoint, t.Origin)
		f.Hint = hint + ". " + f.Hint
	}
	switch {
	case errors.Is(err, docker.ErrNotDocker):
		say("What answers there is not Docker", "Check the address")
	case errors.Is(err, fs.ErrNotExist):
		say("Docker is not there: its socket does not exist", "Start Docker (sudo systemctl start docker), or install it (sudo apt install docker.io)")
	case errors.Is(err, syscall.ECONNREFUSED):
		say("Docker is not running: nobody listens", "Start Docker (sudo systemctl start docker)")
	case errors.Is(err, fs.ErrPermission):
		say("You may not use this Docker", "Join its group: sudo usermod -aG docker \"$USER\", then log in again")
	case errors.Is(err, context.DeadlineExceeded):
		say(fmt.Sprintf("Docker did not answer within %s", patience), "It may hang (sudo systemctl restart docker), or the address may be wrong")
	case isUnknownHost(err):
		say("There is no machine of that name", "Check the address")
	default:
		say("Docker cannot be reached", "Check that it runs and that the address is right")
	}
	return f
}

func isUnknownHost(err error) bool {
	dns, ok := errors.AsType[*net.DNSError](err)
	return ok && dns.IsNotFound
}
