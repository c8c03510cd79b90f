// Package observed holds what a driver knows of its machine and tells those who watch it.
package observed

import (
	"context"
	"sync"

	"github.com/berth-desktop/berth/vm"
)

// State is the newest observation of a machine. Its zero value has an empty phase: nobody has looked yet.
type State struct {
	mu      sync.Mutex
	now     vm.State
	changed chan struct{} // closed by the next change; nil while nobody waits
}

// Get returns the newest observation.
func (s *State) Get() vm.State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Set stores an observation and wakes the watchers if it differs from the one before.
func (s *State) Set(next vm.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(next)
}

// Seed stores an observation if there is none yet.
func (s *State) Seed(first vm.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now.Phase == "" {
		s.set(first)
	}
}

func (s *State) set(next vm.State) {
	if s.now == next {
		return
	}
	s.now = next
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}

func (s *State) snapshot() (vm.State, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.now, s.changed
}

// Watch is vm.Driver's Watch: the present state, then each change; a slow observer sees the newest.
func (s *State) Watch(ctx context.Context, observe func(vm.State)) error {
	for {
		now, changed := s.snapshot()
		observe(now)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
