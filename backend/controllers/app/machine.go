package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/vm"
)

// machine does with drivers what it is ordered to, one thing after another, in the goroutine of Run. Everybody else
// looks at what is known of it, and gives orders, without waiting for anything.
type machine struct {
	drivers func(app.ContainerEngine, app.VM) (vm.Driver, error)
	own     []app.Provider
	timing  Timing
	log     *slog.Logger
	work    chan struct{} // holds one: there is an order
	changed chan struct{} // holds one: there is something new to see

	mu     sync.Mutex // guards what follows
	sight  sight
	order  order              // that nobody has begun to carry out
	cancel context.CancelFunc // of the start that is being carried out; nil without one
	teller vm.Teller          // the driver, if its engine keeps a log

	// Of Run's goroutine.
	driver vm.Driver
	house  house // that driver is for
	swept  bool
}

func newMachine(cfg Config) *machine {
	return &machine{
		drivers: cfg.Drivers, own: cfg.Own, timing: cfg.Timing, log: cfg.Log,
		work: make(chan struct{}, 1), changed: make(chan struct{}, 1),
	}
}

// look tells what is known of the machine.
func (m *machine) look() sight {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sight
}

// obey takes an order for w that was decided on at the sight of seen. If the machine has moved on, the order is void:
// whoever gave it is told of the change, and decides again.
func (m *machine) obey(o order, w wish, seen sight, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o == nothing || m.sight.phase != seen.phase {
		return
	}
	m.sight = m.sight.ordered(o, w, len(m.timing.Backoff), now)
	if o == abandon {
		if m.cancel != nil {
			m.cancel()
		}
		return
	}
	m.order = o
	signal(m.work)
}

// update changes what is known.
func (m *machine) update(change func(sight) sight) {
	m.mu.Lock()
	m.sight = change(m.sight)
	m.mu.Unlock()
	signal(m.changed)
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Run carries out orders and watches the machine while it is up. When ctx ends, it brings the machine down.
func (m *machine) Run(ctx context.Context) error {
	for {
		unwatch := m.watch(ctx)
		select {
		case <-ctx.Done():
			unwatch()
			m.end(ctx)
			return nil
		case <-m.work:
			unwatch()
			m.carryOut(ctx)
		}
	}
}

func (m *machine) carryOut(ctx context.Context) {
	m.mu.Lock()
	o, w := m.order, m.sight.wish
	m.order = nothing
	m.mu.Unlock()
	began := time.Now()
	m.log.Info("Machine operation began", "operation", o, "provider", w.engine.Provider, "generation", w.generation)
	if !m.swept {
		m.swept = true
		m.sweep(ctx, w)
	}
	var err error
	switch o {
	case look:
		err = m.lookCloser(ctx, w)
	case start:
		err = m.start(ctx, w)
	case stop:
		err = m.stop(ctx)
	}
	m.log.Info("Machine operation ended", "operation", o, "took", time.Since(began), "error", err)
}

// settle makes the driver that w needs the present one.
func (m *machine) settle(w wish) error {
	if m.driver != nil && m.house == houseOf(w) {
		return nil
	}
	d, err := m.drivers(w.engine, w.shape.vm())
	if err != nil {
		return err
	}
	m.driver, m.house = d, houseOf(w)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.teller, _ = d.(vm.Teller)
	return nil
}

// logTail is the end of the engine's log, if it keeps one.
func (m *machine) logTail() []string {
	m.mu.Lock()
	t := m.teller
	m.mu.Unlock()
	if t == nil {
		return nil
	}
	return t.LogTail()
}

// lookCloser asks whether a machine that nobody has touched yet is up. One that cannot be asked counts as down: it
// will say more when it is started.
func (m *machine) lookCloser(ctx context.Context, w wish) error {
	limited, cancel := context.WithTimeout(ctx, m.timing.Look)
	defer cancel()
	var state vm.State
	err := m.settle(w)
	if err == nil {
		state, err = m.driver.Inspect(limited)
	}
	m.update(func(s sight) sight { return s.looked(state) })
	return err
}

func (m *machine) start(ctx context.Context, w wish) error {
	limited, cancel := context.WithTimeoutCause(ctx, m.timing.Start, &overdue{after: m.timing.Start})
	defer cancel()
	limited, late := context.WithCancelCause(limited)
	defer late(nil)
	if !m.hold(cancel) {
		m.update(func(s sight) sight { return s.notStarted(none, nil, time.Now()) })
		return m.afterCancel(ctx, w)
	}
	defer m.hold(nil)
	p := &pace{usual: m.timing.Step, late: late}
	defer p.end()
	endpoint, t, err := m.bringUp(limited, w, p)
	if err == nil {
		m.update(func(s sight) sight { return s.started(endpoint, time.Now()) })
		return nil
	}
	var f *vm.Failure
	if o, ok := errors.AsType[*overdue](context.Cause(limited)); ok {
		f = m.tooLate(o, err)
	} else if limited.Err() == nil {
		f = vm.FailureOf(err)
	}
	m.update(func(s sight) sight { return s.notStarted(t, f, time.Now()) })
	if f == nil {
		return m.afterCancel(ctx, w)
	}
	return err
}

// afterCancel looks at what a start that was taken back has left. Nothing may be, but one that was to take over a
// machine leaves that running, and a machine that runs is not stopped because nobody wants it.
func (m *machine) afterCancel(ctx context.Context, w wish) error {
	return errors.Join(context.Canceled, m.lookCloser(context.WithoutCancel(ctx), w))
}

// tooLate explains a start that was given up, with the end of the engine's log: it is the best that is known of why.
func (m *machine) tooLate(o *overdue, err error) *vm.Failure {
	f := &vm.Failure{Message: o.Error(), Hint: "See the log for what it waits for, then try again.", LogTail: vm.FailureOf(err).LogTail, Err: err}
	if len(f.LogTail) == 0 {
		f.LogTail = m.logTail()
	}
	return f
}

// hold keeps what cancels the start that is being carried out. It says no if the start was abandoned before it began.
func (m *machine) hold(cancel context.CancelFunc) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cancel = cancel
	return !m.sight.abandoned
}

func (m *machine) bringUp(ctx context.Context, w wish, p *pace) (endpoint string, t trouble, err error) {
	if err := m.settle(w); err != nil {
		return "", startFails, err
	}
	p.step("", 0)
	if err := m.driver.Create(ctx); err != nil {
		return "", createFails, err
	}
	m.update(func(s sight) sight { s.created = true; return s })
	err = m.driver.Start(ctx, func(step vm.Step) {
		p.step(step.Name, step.Within)
		m.update(func(s sight) sight { return s.stepped(step) })
	})
	if err != nil {
		return "", startFails, err
	}
	// Where it answers only the driver knows, and it says so only when it is asked. A start that was cancelled too late
	// is up, and then brought down as any other.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.timing.Look)
	defer cancel()
	state, err := m.driver.Inspect(limited)
	switch {
	case err != nil:
		return "", startFails, fmt.Errorf("look at the machine that was started: %w", err)
	case state.Phase == vm.Running:
		return state.Endpoint, none, nil
	case state.Failure != nil:
		return "", startFails, state.Failure
	default:
		return "", startFails, &vm.Failure{Message: "Docker started, and ended at once.", Hint: "See the log, then try again."}
	}
}

// stop brings the machine down. It goes on when the daemon ends: that is what it would do then anyway.
func (m *machine) stop(ctx context.Context) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.timing.Stop)
	defer cancel()
	err := m.driver.Stop(limited)
	if err == nil {
		m.update(sight.stopped)
		return nil
	}
	again, cancelLook := context.WithTimeout(context.WithoutCancel(ctx), m.timing.Look)
	defer cancelLook()
	if state, lookErr := m.driver.Inspect(again); lookErr == nil && state.Phase != vm.Running && state.Phase != vm.Stopping {
		m.update(sight.stopped) // it is down all the same
		return err
	}
	if limited.Err() != nil {
		err = &vm.Failure{
			Message: "Docker did not stop within " + lasting(m.timing.Stop) + ".", Hint: "See the log for what it waits for, then try again.",
			LogTail: m.logTail(), Err: err,
		}
	}
	m.update(func(s sight) sight { return s.notStopped(vm.FailureOf(err), time.Now()) })
	return err
}

// end brings down what is still up. Mostly nothing is: the reconciler has ordered a stop, and App says so.
func (m *machine) end(ctx context.Context) {
	s := m.look()
	if s.trouble == stopFails || s.phase != up && s.phase != found && s.phase != crashed {
		return
	}
	m.log.Info("Stopping the machine, as the daemon ends")
	if err := m.stop(ctx); err != nil {
		m.log.Error("The machine did not stop", "error", err)
	}
}
