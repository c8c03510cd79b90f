package app

import (
	"context"
	"sync"
	"time"

	"github.com/berth-desktop/berth/vm"
)

// watchPause is the wait before a driver is watched again whose watch has ended by itself.
const watchPause = time.Second

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
