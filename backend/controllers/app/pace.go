package app

import (
	"context"
	"time"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/vm"
)

// stepSweep is the one step of a start that is not the driver's.
const stepSweep = "Ending what was left behind"

// overdue is why a start was given up: a step of it, or all of it if the step has no name, took too long.
type overdue struct {
	step  string
	after time.Duration
}

// Error implements error.
func (o *overdue) Error() string {
	if o.step == "" {
		return "Docker was not up after " + lasting(o.after) + "."
	}
	return "“" + o.step + "” was not done after " + lasting(o.after) + "."
}

// pace gives up a start of which one step takes too long. Its methods are called from one goroutine.
type pace struct {
	usual time.Duration
	late  context.CancelCauseFunc
	name  string
	timer *time.Timer
}

// step is called when a step begins, and when it has more to say.
func (p *pace) step(name string, within time.Duration) {
	if p.timer != nil && p.name == name {
		return
	}
	if within == 0 {
		within = p.usual
	}
	p.end()
	p.name = name
	p.timer = time.AfterFunc(within, func() { p.late(&overdue{step: name, after: within}) })
}

func (p *pace) end() {
	if p.timer != nil {
		p.timer.Stop()
	}
}

// sweep ends machines of Berth's own that w does not name: a daemon that was killed while it changed from one to
// another has left the former running, and nobody else would ever look there.
func (m *machine) sweep(ctx context.Context, w wish) {
	for _, provider := range m.own {
		if provider == w.engine.Provider {
			continue // it is looked after as usual
		}
		if err := m.sweepOne(ctx, provider); err != nil {
			m.log.Warn("A machine that an earlier daemon left could not be ended", "provider", provider, "error", err)
		}
	}
}

func (m *machine) sweepOne(ctx context.Context, provider app.Provider) error {
	d, err := m.drivers(app.ContainerEngine{Provider: provider}, app.VM{})
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, m.timing.Look)
	defer cancel()
	state, err := d.Inspect(limited)
	if err != nil || state.Phase != vm.Running && state.Phase != vm.Crashed {
		return err
	}
	m.update(func(s sight) sight { return s.stepped(vm.Step{Name: stepSweep, At: time.Now()}) })
	m.log.Info("Ending a machine that an earlier daemon left running", "provider", provider)
	stopping, cancelStop := context.WithTimeout(context.WithoutCancel(ctx), m.timing.Stop)
	defer cancelStop()
	return d.Stop(stopping)
}
