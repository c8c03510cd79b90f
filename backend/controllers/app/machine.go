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

// watchPause is the wait before a driver is watched again whose watch has ended by itself.
const watchPause = time.Second

// machine does with drivers what it is ordered to, one thing after another, in the goroutine of Run. Everybody else
// looks at what is known of it, and gives orders, without waiting for anything.
type machine struct {
	drivers func(app.ContainerEngine) (vm.Driver, error)
	timing  Timing
	log     *slog.Logger
	work    chan struct{} // holds one: there is an order
	changed chan struct{} // holds one: there is something new to see

	mu     sync.Mutex // guards what follows
	sight  sight
	order  order              // that nobody has begun to carry out
	cancel context.CancelFunc // of the start that is being carried out; nil without one

	// Of Run's goroutine.
	driver vm.Driver
	house  house // that driver is for
}

func newMachine(drivers func(app.ContainerEngine) (vm.Driver, error), timing Timing, log *slog.Logger) *machine {
	return &machine{drivers: drivers, timing: timing, log: log, work: make(chan struct{}, 1), changed: make(chan struct{}, 1)}
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
	if m.driver != nil && m.house == houseOf(w.engine) {
		return nil
	}
	d, err := m.drivers(w.engine)
	if err != nil {
		return err
	}
	m.driver, m.house = d, houseOf(w.engine)
	return nil
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
	limited, cancel := context.WithTimeout(ctx, m.timing.Start)
	defer cancel()
	if !m.hold(cancel) {
		m.update(func(s sight) sight { return s.notStarted(none, nil, time.Now()) })
		return context.Canceled
	}
	defer m.hold(nil)
	endpoint, t, err := m.bringUp(limited, w)
	if err == nil {
		m.update(func(s sight) sight { return s.started(endpoint, time.Now()) })
		return nil
	}
	var f *vm.Failure
	switch {
	case errors.Is(limited.Err(), context.DeadlineExceeded):
		f = &vm.Failure{
			Message: fmt.Sprintf("Docker was not up after %s.", m.timing.Start),
			Hint:    "See the log for what it waits for, then try again.", LogTail: vm.FailureOf(err).LogTail, Err: err,
		}
	case limited.Err() == nil:
		f = vm.FailureOf(err)
	}
	m.update(func(s sight) sight { return s.notStarted(t, f, time.Now()) })
	return err
}

// hold keeps what cancels the start that is being carried out. It says no if the start was abandoned before it began.
func (m *machine) hold(cancel context.CancelFunc) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cancel = cancel
	return !m.sight.abandoned
}

func (m *machine) bringUp(ctx context.Context, w wish) (endpoint string, t trouble, err error) {
	if err := m.settle(w); err != nil {
		return "", startFails, err
	}
	if err := m.driver.Create(ctx); err != nil {
		return "", createFails, err
	}
	m.update(func(s sight) sight { s.created = true; return s })
	err = m.driver.Start(ctx, func(step vm.Step) {
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
	m.update(func(s sight) sight { return s.notStopped(vm.FailureOf(err), time.Now()) })
	return err
}

// watch follows the driver while the machine is up. The function that it returns ends that, and waits for it.
func (m *machine) watch(ctx context.Context) func() {
	if m.look().phase != up {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { m.follow(ctx, m.driver) })
	return func() {
		cancel()
		wg.Wait()
	}
}

func (m *machine) follow(ctx context.Context, d vm.Driver) {
	for {
		err := d.Watch(ctx, func(state vm.State) {
			m.update(func(s sight) sight { return s.observed(state, m.timing.Stable, time.Now()) })
		})
		if ctx.Err() != nil {
			return
		}
		m.log.Warn("Watch of the machine ended, beginning another", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(watchPause):
		}
	}
}

// end brings down what is up. Nothing that it does is written: nobody is there to read it.
func (m *machine) end(ctx context.Context) {
	switch m.look().phase {
	case up, found, crashed:
	default:
		return
	}
	m.log.Info("Stopping the machine, as the daemon ends")
	if err := m.stop(ctx); err != nil {
		m.log.Error("The machine did not stop", "error", err)
	}
}
