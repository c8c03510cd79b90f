// Package vmtest holds what every house of an engine must do, as tests that each driver runs on its real machine.
package vmtest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/berth-desktop/berth/vm"
)

// Patience is how long a real machine may take for one change in a test.
const Patience = 90 * time.Second

// Conform checks the contract of vm.Driver. open returns a driver of a machine that is down.
func Conform(t *testing.T, open func(t *testing.T) vm.Driver) {
	t.Run("a machine goes up, down and up again", func(t *testing.T) { upDownUp(t, open(t)) })
	t.Run("what is so already is no error", func(t *testing.T) { repeats(t, open(t)) })
	t.Run("steps are named and in order of time", func(t *testing.T) { steps(t, open(t)) })
	t.Run("a start that was cancelled before it began changes nothing", func(t *testing.T) { cancelled(t, open(t)) })
}

func upDownUp(t *testing.T, d vm.Driver) {
	seen := Observe(t, d)
	for range 2 {
		must(t, "create", d.Create(t.Context()))
		must(t, "start", d.Start(t.Context(), nil))
		s := inspect(t, d)
		if s.Phase != vm.Running || s.Endpoint == "" {
			t.Fatalf("a started machine is %+v", s)
		}
		if got := seen.Until(t, vm.Running, Patience); got.Endpoint != s.Endpoint {
			t.Errorf("a watcher was told the endpoint %q, Inspect says %q", got.Endpoint, s.Endpoint)
		}
		must(t, "stop", d.Stop(t.Context()))
		if s := inspect(t, d); s.Phase != vm.Stopped || s.Endpoint != "" {
			t.Fatalf("a stopped machine is %+v", s)
		}
		seen.Until(t, vm.Stopped, Patience)
	}
	if slices.Contains(seen.Phases(), vm.Crashed) {
		t.Errorf("a stop that was asked for was reported as a crash: %v", seen.Phases())
	}
}

func repeats(t *testing.T, d vm.Driver) {
	must(t, "stop what is down", d.Stop(t.Context()))
	must(t, "create", d.Create(t.Context()))
	must(t, "create what there is", d.Create(t.Context()))
	must(t, "start", d.Start(t.Context(), nil))
	before := inspect(t, d)
	must(t, "start what is up", d.Start(t.Context(), nil))
	if after := inspect(t, d); after != before {
		t.Errorf("a second start changed %+v to %+v", before, after)
	}
	must(t, "kill", d.Kill(t.Context()))
	must(t, "kill what is down", d.Kill(t.Context()))
	must(t, "delete", d.Delete(t.Context()))
	must(t, "delete what is not there", d.Delete(t.Context()))
}

func steps(t *testing.T, d vm.Driver) {
	var all []vm.Step
	must(t, "start", d.Start(t.Context(), func(s vm.Step) { all = append(all, s) }))
	must(t, "stop", d.Stop(t.Context()))
	if len(all) == 0 {
		t.Fatal("a start reported no step")
	}
	for i, s := range all {
		if s.Name == "" || s.At.IsZero() {
			t.Errorf("step %d is %+v: it needs a name and a time", i, s)
		}
		if i > 0 && s.At.Before(all[i-1].At) {
			t.Errorf("step %q is older than the one before it, %q", s.Name, all[i-1].Name)
		}
	}
}

func cancelled(t *testing.T, d vm.Driver) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Start(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled start returned %v", err)
	}
	if s := inspect(t, d); s.Phase == vm.Running || s.Phase == vm.Starting {
		t.Errorf("after a cancelled start the machine is %+v", s)
	}
}

func inspect(t *testing.T, d vm.Driver) vm.State {
	t.Helper()
	s, err := d.Inspect(t.Context())
	must(t, "inspect", err)
	return s
}

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		if f, ok := errors.AsType[*vm.Failure](err); ok {
			t.Fatalf("%s: %v\nhint: %s\nlog: %q", what, f, f.Hint, f.LogTail)
		}
		t.Fatalf("%s: %v", what, err)
	}
}

// Recorder keeps what a driver's Watch reported.
type Recorder struct {
	mu   sync.Mutex
	all  []vm.State
	more chan struct{}
}

// Observe watches d until the test ends.
func Observe(t *testing.T, d vm.Driver) *Recorder {
	t.Helper()
	r := &Recorder{more: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() {
		ended <- d.Watch(ctx, func(s vm.State) {
			r.mu.Lock()
			r.all = append(r.all, s)
			r.mu.Unlock()
			select {
			case r.more <- struct{}{}:
			default:
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v, want the error of its context", err)
		}
	})
	return r
}

// Phases are those seen so far.
func (r *Recorder) Phases() []vm.Phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	var p []vm.Phase
	for _, s := range r.all {
		p = append(p, s.Phase)
	}
	return p
}

// Until waits until the newest state has the phase and returns it.
func (r *Recorder) Until(t *testing.T, phase vm.Phase, patience time.Duration) vm.State {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		var s vm.State
		if n := len(r.all); n > 0 {
			s = r.all[n-1]
		}
		r.mu.Unlock()
		if s.Phase == phase {
			return s
		}
		select {
		case <-r.more:
		case <-deadline.C:
			t.Fatalf("no %s within %s; seen: %v", phase, patience, r.Phases())
		}
	}
}
