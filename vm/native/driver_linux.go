package native

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/internal/docker"
	"github.com/berth-desktop/berth/vm/internal/observed"
)

// The steps of a Start.
const (
	stepFolders = "Preparing folders"
	stepAdopt   = "Taking over the running Docker"
	stepCleanUp = "Ending what was left behind"
	stepNetwork = "Preparing the network"
	stepDocker  = "Starting Docker"
)

const (
	readyPatience = time.Minute
	// stopGrace is longer than the 15 s that dockerd gives its containers.
	stopGrace = 20 * time.Second
	// endGrace is for a program that has no containers to stop.
	endGrace = 5 * time.Second
	// deafGrace is for an engine that does not answer: it would not stop its containers either.
	deafGrace     = time.Second
	adoptPatience = 5 * time.Second
	killPatience  = 5 * time.Second
	dyingPatience = time.Second
)

// Driver houses one dockerd.
type Driver struct {
	cfg    Config
	layout layout
	log    *slog.Logger
	client *docker.Client
	state  observed.State

	lane   *semaphore.Weighted // of one: whoever changes the machine has it
	engine *engine             // what we hold, if anything; guarded by lane
	mu     sync.Mutex          // orders "it is asked to end" and "it crashed"
}

var _ vm.Driver = (*Driver)(nil)

// New returns a driver of the engine that lives in cfg's folders. It touches nothing yet.
func New(cfg Config) *Driver {
	l := newLayout(cfg)
	d := &Driver{cfg: cfg, layout: l, log: cfg.Logger, client: docker.New("unix", l.socket), lane: semaphore.NewWeighted(1)}
	return d
}

// change waits for its turn to change the machine, then does so.
func (d *Driver) change(ctx context.Context, do func() error) error {
	if err := d.lane.Acquire(ctx, 1); err != nil {
		return err
	}
	defer d.lane.Release(1)
	if err := d.layout.check(); err != nil {
		return err
	}
	return do()
}

// Create makes the engine's folders.
func (d *Driver) Create(ctx context.Context) error {
	return d.change(ctx, func() error {
		if err := d.layout.prepare(); err != nil {
			return err
		}
		if p := d.state.Get().Phase; p == vm.Absent || p == "" {
			return d.look(ctx)
		}
		return nil
	})
}

// Start brings the engine up, or takes over the one that a daemon before us left running.
func (d *Driver) Start(ctx context.Context, report func(vm.Step)) error {
	return d.change(ctx, func() error {
		if d.engine != nil && d.engine.alive() {
			if d.ping(ctx) == nil {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err // it runs well, and the question was taken back
			}
		}
		if report == nil {
			report = func(vm.Step) {}
		}
		if d.engine != nil {
			d.release()
		}
		d.state.Set(vm.State{Phase: vm.Starting})
		e, err := d.bringUp(ctx, report)
		if err != nil {
			if down := d.takeDown(ctx, endGrace); down != nil {
				d.log.Error("A start that failed left something behind", "err", down)
			}
			d.state.Set(vm.State{Phase: vm.Stopped})
			return err
		}
		d.engine = e
		d.begin(e)
		d.state.Set(vm.State{Phase: vm.Running, Endpoint: d.layout.endpoint()})
		return nil
	})
}

// release lets go of the engine that is held: what happens to it from now on is no crash.
func (d *Driver) release() {
	e := d.engine
	d.engine = nil
	d.mu.Lock()
	e.ask()
	d.mu.Unlock()
	e.unfollow()
	e.following.Wait()
}

func (d *Driver) bringUp(ctx context.Context, report func(vm.Step)) (*engine, error) {
	step := func(name string) { report(vm.Step{Name: name, At: time.Now()}) }
	step(stepFolders)
	t, err := findTools(d.cfg.Dockerd, os.Getuid(), installed)
	if err != nil {
		return nil, err
	}
	if err := d.layout.checkSockets(); err != nil {
		return nil, err
	}
	if t.rootless != "" {
		if err := errors.Join(d.layout.checkWords(), thisAccount().check()); err != nil {
			return nil, vm.FailureOf(err)
		}
	}
	if err := d.layout.prepare(); err != nil {
		return nil, err
	}
	r, err := d.layout.residents()
	if err != nil {
		return nil, err
	}
	if len(r.dockerd) > 0 {
		step(stepAdopt)
		if e, err := d.adopt(ctx, r, t); err != nil || e != nil {
			return e, err
		}
	}
	if len(r.dockerd)+len(r.containerd)+len(r.keepers) > 0 {
		step(stepCleanUp)
		if err := d.endPrograms(ctx, deafGrace); err != nil {
			return nil, err
		}
	}
	if err := d.clearSockets(ctx); err != nil {
		return nil, err
	}
	return d.startAnew(ctx, t, report)
}

func (d *Driver) startAnew(ctx context.Context, t tools, report func(vm.Step)) (*engine, error) {
	bridge := ""
	if t.rootless == "" {
		report(vm.Step{Name: stepNetwork, At: time.Now()})
		bridge = d.plumbing().lay(ctx, report)
	}
	report(vm.Step{Name: stepDocker, At: time.Now()})
	began := time.Now()
	inTime, cancel := context.WithTimeout(ctx, readyPatience)
	defer cancel()
	e, err := d.launch(inTime, t, bridge)
	if err == nil {
		err = d.answers(inTime, e)
	}
	if err == nil {
		// Until here the group, which is our own, and the folder have kept others out.
		err = os.Chmod(d.layout.socket, 0o600)
	}
	switch {
	case err == nil:
		d.log.Info("The engine answers", "pid", e.dockerd.pid, "took", time.Since(began))
		return e, nil
	case ctx.Err() != nil && e == nil:
		return nil, ctx.Err()
	case ctx.Err() != nil: // the log says what it was waiting for
		return nil, &vm.Failure{Message: "Docker was not waited for", LogTail: tail(d.layout.log, e.logStart), Err: ctx.Err()}
	}
	if f, ok := errors.AsType[*vm.Failure](err); ok {
		return nil, f
	}
	what := "Docker did not start"
	if inTime.Err() != nil {
		what = fmt.Sprintf("Docker did not answer within %s", readyPatience)
	}
	return nil, d.layout.explain(what, err, tail(d.layout.log, e.logStart))
}

// Stop ends the engine gracefully. If ctx ends before it is down, the rest is done by force.
func (d *Driver) Stop(ctx context.Context) error { return d.bringDown(ctx, stopGrace) }

// Kill ends the engine and its containers at once.
func (d *Driver) Kill(ctx context.Context) error { return d.bringDown(ctx, 0) }

func (d *Driver) bringDown(ctx context.Context, grace time.Duration) error {
	return d.change(ctx, func() error {
		r, err := d.layout.residents()
		if err != nil {
			return err
		}
		if d.engine != nil {
			d.release()
		}
		if !r.none() {
			d.state.Set(vm.State{Phase: vm.Stopping})
		}
		err = d.takeDown(ctx, grace)
		return errors.Join(err, d.look(context.WithoutCancel(ctx)))
	})
}

// Inspect asks the processes and the socket. Only that a change is on its way, and that the end of an engine was a
// crash, is remembered: nobody could be asked.
func (d *Driver) Inspect(ctx context.Context) (vm.State, error) {
	was := d.state.Get()
	if was.Phase == vm.Starting || was.Phase == vm.Stopping {
		return was, nil
	}
	now, err := d.observe(ctx)
	if err == nil && was.Phase == vm.Crashed && now.Phase == vm.Stopped {
		return was, nil
	}
	return now, err
}

// observe says what is there, whatever is remembered.
func (d *Driver) observe(ctx context.Context) (vm.State, error) {
	r, err := d.layout.residents()
	if err != nil {
		return vm.State{}, err
	}
	whole := len(r.dockerd) > 0 && (len(r.containerd) > 0 || os.Getuid() != 0)
	if whole {
		err := d.ping(ctx)
		switch {
		case err == nil:
			return vm.State{Phase: vm.Running, Endpoint: d.layout.endpoint()}, nil
		case ctx.Err() != nil:
			return vm.State{}, ctx.Err()
		}
		f := d.layout.explain("Docker runs but does not answer", err, tail(d.layout.log, 0))
		return vm.State{Phase: vm.Crashed, Failure: f}, nil
	}
	if !r.none() {
		return vm.State{Phase: vm.Crashed, Failure: &vm.Failure{Message: "Docker ended and has left something behind", LogTail: tail(d.layout.log, 0)}}, nil
	}
	if _, err := os.Stat(d.layout.data); errors.Is(err, fs.ErrNotExist) {
		return vm.State{Phase: vm.Absent}, nil
	}
	return vm.State{Phase: vm.Stopped}, nil
}

// look replaces the state by what is there.
func (d *Driver) look(ctx context.Context) error {
	s, err := d.observe(ctx)
	if err == nil {
		d.state.Set(s)
	}
	return err
}

// LogTail implements vm.Teller.
func (d *Driver) LogTail() []string { return tail(d.layout.log, 0) }

// Watch implements vm.Driver.
func (d *Driver) Watch(ctx context.Context, observe func(vm.State)) error {
	if d.state.Get().Phase == "" {
		s, err := d.observe(ctx)
		if err != nil {
			return err
		}
		d.state.Seed(s)
	}
	return d.state.Watch(ctx, observe)
}
