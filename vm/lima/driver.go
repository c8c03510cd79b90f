package lima

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/internal/docker"
	"github.com/berth-desktop/berth/vm/internal/observed"
)

const (
	// fastBoot and slowBoot are how long a machine may take until its engine answers, with and without an accelerator. Lima
	// itself would wait ten minutes for each of several things.
	fastBoot = 3 * time.Minute
	slowBoot = 8 * time.Minute
	// stopGrace is for a guest that shuts down in order; Lima would give it three minutes.
	stopGrace    = 40 * time.Second
	pingEvery    = 5 * time.Second
	killPatience = 5 * time.Second
	pingPatience = 3 * time.Second
	sshPatience  = 10 * time.Second
	qmpPatience  = 3 * time.Second
	logTailLines = 20
)

// Driver houses one engine in one machine.
type Driver struct {
	cfg    Config
	layout layout
	log    *slog.Logger
	client *docker.Client
	state  observed.State

	patient patience

	lane    *semaphore.Weighted // of one: whoever changes the machine has it
	machine *machine            // what we hold, if anything; guarded by lane
	accel   *acceleration       // what was found to work; guarded by lane
	mu      sync.Mutex          // orders "it is asked to end" and "it crashed"
}

// patience is how long the driver waits.
type patience struct{ fast, slow, stop, pingEvery, deaf time.Duration }

// machine is one that runs, and what follows it.
type machine struct {
	agent, qemu process
	events, log tailer
	warnings    warnings
	ports       ports // of whoever reads the log
	booted      bool  // the guest's system is up
	agentLost   bool  // Lima does not reach its guest agent; of whoever reads the log
	agentSought time.Time
	asked       bool // to end; guarded by Driver.mu
	unfollow    context.CancelFunc
	following   sync.WaitGroup
}

var (
	_ vm.Driver = (*Driver)(nil)
	_ vm.Teller = (*Driver)(nil)
)

// New returns a driver of the machine that lives in cfg's folders. It touches nothing yet.
func New(cfg Config) *Driver {
	l := newLayout(cfg)
	d := &Driver{cfg: cfg, layout: l, log: cfg.Logger, client: docker.New("unix", l.socket), lane: semaphore.NewWeighted(1)}
	d.patient = patience{fast: fastBoot, slow: slowBoot, stop: stopGrace, pingEvery: pingEvery, deaf: deafPatience}
	return d
}

// change waits for its turn to change the machine, then does so.
func (d *Driver) change(ctx context.Context, do func() error) error {
	if err := d.lane.Acquire(ctx, 1); err != nil {
		return err
	}
	defer d.lane.Release(1)
	return do()
}

// Create makes the machine's folder and its engine's disk. The system disk is made, or downloaded, by the first Start,
// which tells of it.
func (d *Driver) Create(ctx context.Context) error {
	return d.change(ctx, func() error {
		if d.layout.exists() {
			return nil
		}
		if err := d.make(ctx); err != nil {
			return err
		}
		return d.look(ctx)
	})
}

// Start brings the machine up, or takes over the one that a daemon before us left running.
func (d *Driver) Start(ctx context.Context, report func(vm.Step)) error {
	return d.change(ctx, func() error {
		if d.machine != nil && d.machine.agent.alive() {
			if d.ping(ctx) == nil {
				return nil
			}
			if err := ctx.Err(); err != nil {
				return err // it runs well, and the question was taken back
			}
		}
		d.release()
		d.state.Set(vm.State{Phase: vm.Starting})
		m, err := d.bringUp(ctx, newProgress(report))
		if err != nil {
			var grace time.Duration
			if m != nil && m.booted {
				grace = d.patient.stop // containers may run in it by now
			}
			if down := d.takeDown(context.WithoutCancel(ctx), grace); down != nil {
				d.log.Error("A start that failed left something behind", "err", down)
			}
			d.state.Set(vm.State{Phase: vm.Stopped})
			return err
		}
		d.machine = m
		d.state.Set(d.running(m))
		d.follow(m)
		return nil
	})
}

func (d *Driver) running(m *machine) vm.State {
	return vm.State{Phase: vm.Running, Endpoint: d.layout.endpoint(), Warning: m.warnings.text()}
}

// release lets go of the machine that is held: what happens to it from now on is no crash.
func (d *Driver) release() {
	m := d.machine
	if m == nil {
		return
	}
	d.machine = nil
	d.mu.Lock()
	m.asked = true
	d.mu.Unlock()
	m.unfollow()
	m.following.Wait()
}

// Stop shuts the guest down. If ctx ends before it is down, the rest is done by force.
func (d *Driver) Stop(ctx context.Context) error { return d.bringDown(ctx, d.patient.stop) }

// Kill ends the machine at once.
func (d *Driver) Kill(ctx context.Context) error { return d.bringDown(ctx, 0) }

func (d *Driver) bringDown(ctx context.Context, grace time.Duration) error {
	return d.change(ctx, func() error {
		d.release()
		if d.layout.hostAgent().pid != 0 || d.layout.qemu().pid != 0 {
			d.state.Set(vm.State{Phase: vm.Stopping})
		}
		err := d.takeDown(ctx, grace)
		return errors.Join(err, d.look(context.WithoutCancel(ctx)))
	})
}

// takeDown ends what runs: in order within the grace, then by force.
func (d *Driver) takeDown(ctx context.Context, grace time.Duration) error {
	agent, qemu := d.layout.hostAgent(), d.layout.qemu()
	if grace > 0 {
		d.shutDown(ctx, agent, qemu, grace)
	}
	// The system goes before its host agent: killed the other way round, an agent could start to mend.
	if err := end(ctx, qemu, agent); err != nil {
		return err
	}
	// A start that is taken back at once has processes that have written no number yet. Here the agent goes first: nobody
	// knows a system that it is about to start.
	for _, file := range []string{d.layout.agentPID(), d.layout.qemuPID()} {
		if err := end(ctx, strays(file)...); err != nil {
			return err
		}
	}
	if runtime.GOOS == "windows" && d.layout.exists() {
		// The guest is no process of this system: Lima knows how to end it.
		if _, err := d.ask(context.WithoutCancel(ctx), nil, nil, "kill", d.cfg.Name); err != nil {
			d.log.Warn("Lima could not end the guest", "err", err)
		}
	}
	disk, _ := d.layout.present().data()
	return d.layout.sweep(disk)
}

// shutDown has the guest end its programs and write what they keep, and waits for that within the grace.
func (d *Driver) shutDown(ctx context.Context, agent, qemu process, grace time.Duration) {
	limited, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	var err error
	switch {
	case agent.alive():
		err = interrupt(agent.pid)
	case qemu.alive():
		_, err = d.layout.qmp(limited, "system_powerdown")
	}
	if err == nil {
		err = gone(limited, agent, qemu)
	}
	if err != nil {
		d.log.Warn("The guest does not shut down", "grace", grace, "err", err)
	}
}

// Delete removes the machine with its engine's disk.
func (d *Driver) Delete(ctx context.Context) error {
	return d.change(ctx, func() error {
		d.release()
		disk, _ := d.layout.present().data()
		if err := d.takeDown(ctx, 0); err != nil {
			return err
		}
		if runtime.GOOS == "windows" && d.layout.exists() {
			if _, err := d.ask(ctx, nil, nil, "delete", d.cfg.Name); err != nil {
				return fmt.Errorf("delete the machine: %w", err)
			}
		}
		errs := []error{os.RemoveAll(d.layout.dir)}
		if disk != "" {
			errs = append(errs, os.RemoveAll(d.layout.disk(disk)))
		}
		return errors.Join(append(errs, d.look(ctx))...)
	})
}

// Inspect asks the processes and the socket. Only that a change is on its way, and that the end of a machine was a
// crash, is remembered: nobody could be asked.
func (d *Driver) Inspect(ctx context.Context) (vm.State, error) {
	was := d.state.Get()
	if was.Phase == vm.Starting || was.Phase == vm.Stopping {
		return was, nil
	}
	now, err := d.observe(ctx)
	switch {
	case err == nil && was.Phase == vm.Crashed && now.Phase == vm.Stopped:
		return was, nil
	case err == nil && now.Phase == vm.Running:
		now.Warning = was.Warning
	}
	return now, err
}

// observe says what is there, whatever is remembered.
func (d *Driver) observe(ctx context.Context) (vm.State, error) {
	if !d.layout.exists() {
		return vm.State{Phase: vm.Absent}, nil
	}
	agent, qemu := d.layout.hostAgent(), d.layout.qemu()
	apart := d.layout.present().VMType == "qemu" // the machine is a process of its own
	switch {
	case agent.pid == 0 && qemu.pid == 0:
		return vm.State{Phase: vm.Stopped}, nil
	case agent.pid == 0 || apart && qemu.pid == 0:
		return vm.State{Phase: vm.Crashed, Failure: d.failure("The machine has lost a part of itself", "Start it again.")}, nil
	}
	err := d.ping(ctx)
	switch {
	case err == nil:
		return vm.State{Phase: vm.Running, Endpoint: d.layout.endpoint()}, nil
	case ctx.Err() != nil:
		return vm.State{}, ctx.Err()
	case d.state.Get().Phase == vm.Running:
		return d.state.Get(), nil // who follows the machine decides when that is a crash
	}
	f := d.failure("The machine runs, but Docker in it does not answer", "Start it again.")
	f.Err = err
	return vm.State{Phase: vm.Crashed, Failure: f}, nil
}

// look replaces the state by what is there.
func (d *Driver) look(ctx context.Context) error {
	s, err := d.observe(ctx)
	if err == nil {
		d.state.Set(s)
	}
	return err
}

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

func (d *Driver) ping(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	return d.client.Ping(limited)
}
