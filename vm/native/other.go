//go:build !linux

package native

import (
	"context"

	"github.com/berth-desktop/berth/vm"
)

// Driver is not available on this system; each method says so.
type Driver struct{}

var _ vm.Driver = (*Driver)(nil)

// New returns a driver that refuses everything.
func New(Config) *Driver { return &Driver{} }

// Available says why there can be no engine of our own here.
func Available() error {
	return &vm.Failure{
		Message: "native is for Linux",
		Hint:    "Choose the provider host: berth set containerEngine.provider=host",
	}
}

// Create implements vm.Driver.
func (*Driver) Create(context.Context) error { return Available() }

// Start implements vm.Driver.
func (*Driver) Start(context.Context, func(vm.Step)) error { return Available() }

// Stop implements vm.Driver: what cannot start is stopped.
func (*Driver) Stop(context.Context) error { return nil }

// Kill implements vm.Driver: what cannot start is stopped.
func (*Driver) Kill(context.Context) error { return nil }

// Delete implements vm.Driver: there is none.
func (*Driver) Delete(context.Context) error { return nil }

// Inspect implements vm.Driver.
func (*Driver) Inspect(context.Context) (vm.State, error) { return vm.State{Phase: vm.Absent}, nil }

// Watch implements vm.Driver.
func (*Driver) Watch(ctx context.Context, observe func(vm.State)) error {
	observe(vm.State{Phase: vm.Absent})
	<-ctx.Done()
	return ctx.Err()
}
