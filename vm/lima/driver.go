package lima

import (
	"context"
	"errors"

	"github.com/berth-desktop/berth/vm"
)

// Driver houses one engine in one machine.
type Driver struct {
	cfg Config
}

var (
	_ vm.Driver = (*Driver)(nil)

	errUnbuilt = errors.New("not built yet")
)

// New returns a driver of the machine that lives in cfg's folders. It touches nothing yet.
func New(cfg Config) *Driver { return &Driver{cfg: cfg} }

// Create implements vm.Driver.
func (d *Driver) Create(context.Context) error { return errUnbuilt }

// Start implements vm.Driver.
func (d *Driver) Start(context.Context, func(vm.Step)) error { return errUnbuilt }

// Stop implements vm.Driver.
func (d *Driver) Stop(context.Context) error { return errUnbuilt }

// Kill implements vm.Driver.
func (d *Driver) Kill(context.Context) error { return errUnbuilt }

// Delete implements vm.Driver.
func (d *Driver) Delete(context.Context) error { return errUnbuilt }

// Inspect implements vm.Driver.
func (d *Driver) Inspect(context.Context) (vm.State, error) { return vm.State{}, errUnbuilt }

// Watch implements vm.Driver.
func (d *Driver) Watch(context.Context, func(vm.State)) error { return errUnbuilt }
