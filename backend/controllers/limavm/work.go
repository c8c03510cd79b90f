package limavm

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/vm"
)

// create makes a machine that is not to run yet.
func (k *keeper) create(ctx context.Context, w wish) {
	if err := k.make(ctx); err == nil || ctx.Err() != nil {
		return
	}
	k.failed = &w
}

func (k *keeper) make(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, k.cfg.Timing.Stop)
	defer cancel()
	err := k.machine.Create(limited)
	if err == nil {
		k.setCreated(yes(lima.ReasonCreated, "The machine's folder is there."))
		return nil
	}
	if ctx.Err() == nil {
		f := vm.FailureOf(err)
		k.setCreated(no(lima.ReasonCreateFailed, f.Message))
		k.fail(f)
	}
	return err
}

// start brings the machine up, or takes over the one that runs.
func (k *keeper) start(ctx context.Context, w wish) {
	limited, cancel := context.WithTimeout(ctx, k.cfg.Timing.Start)
	defer cancel()
	if !k.begin(w, cancel) {
		return
	}
	again := k.crashes > 0 || k.status.Template != "" && k.status.Template != w.digest()
	k.retryAt, k.failed = time.Time{}, nil
	if again {
		k.status.RestartCount++
	}
	began := micro(time.Now())
	k.status.StartedAt, k.status.Steps, k.status.Failure, k.status.Template = &began, nil, nil, w.digest()
	k.present = true
	k.setRunning(no(lima.ReasonStarting, "The machine is starting."))
	k.write(ctx, w)
	err := k.make(limited)
	if err == nil {
		k.write(ctx, w)
		err = k.machine.Start(limited, func(s vm.Step) { k.step(ctx, w, s) })
	}
	k.begin(w, nil)
	late := errors.Is(limited.Err(), context.DeadlineExceeded)
	switch {
	case err == nil:
		k.cameUp(ctx)
	case ctx.Err() != nil:
		k.endSteps(true)
	case limited.Err() != nil && !late:
		k.endSteps(true) // it is not wanted any more; what it left is looked at with the next wish
	default:
		k.endSteps(true)
		k.fell(w, lima.ReasonStartFailed, vm.FailureOf(err))
	}
}

// begin keeps what cancels the start that is on its way, nil once it has ended. It says no if the wish is an old one.
func (k *keeper) begin(w wish, cancel context.CancelFunc) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.begun, k.cancel = w, cancel
	if cancel != nil && k.wish != w {
		k.cancel = nil
		return false
	}
	return true
}

func (k *keeper) cameUp(ctx context.Context) {
	k.up, k.upSince = true, time.Now()
	k.mu.Lock()
	k.seen, k.last = nil, nil
	k.mu.Unlock()
	k.endSteps(false)
	limited, cancel := context.WithTimeout(ctx, k.cfg.Timing.Look)
	defer cancel()
	s, err := k.machine.Inspect(limited)
	if err != nil {
		k.log.Warn("The machine that was started cannot be looked at", "error", err)
		return // the watch will tell
	}
	if s.Phase == vm.Running {
		k.describe(s)
	}
}

// stop brings the machine down. What runs with another template than is wanted is started again after that.
func (k *keeper) stop(ctx context.Context, w wish) {
	k.status.RestartNeeded = w.running
	k.setRunning(verdict{k.isUp(), lima.ReasonStopping, "The machine is stopping."})
	k.write(ctx, w)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.cfg.Timing.Stop)
	defer cancel()
	if err := k.machine.Stop(limited); err != nil {
		f := vm.FailureOf(err)
		k.log.Error("The machine did not stop", "error", err)
		k.failed = &w
		k.fail(f)
		k.setRunning(verdict{k.isUp(), lima.ReasonStopFailed, f.Message})
		k.write(ctx, w)
		return
	}
	k.up, k.present, k.crashes, k.retryAt, k.failed = false, false, 0, time.Time{}, nil
	k.status.Endpoint, k.status.SSHLocalPort = "", 0
	k.setRunning(no(lima.ReasonStopped, "The machine is stopped."))
	if !w.running || ctx.Err() != nil {
		k.write(ctx, w)
	}
}

// remove deletes the machine with all of its disks, and lets the object go. It says whether it is done.
func (k *keeper) remove(ctx context.Context, w wish) bool {
	k.setRunning(verdict{k.isUp(), lima.ReasonStopping, "The machine is being deleted."})
	k.write(ctx, w)
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.cfg.Timing.Stop)
	defer cancel()
	if err := k.machine.Delete(limited); err != nil {
		f := vm.FailureOf(err)
		k.log.Error("The machine cannot be deleted yet", "error", err)
		k.setCreated(yes(lima.ReasonDeleteFailed, f.Message))
		k.fail(f)
		k.write(ctx, w)
		return false
	}
	k.present, k.up = false, false
	_, err := k.cfg.Machines.Update(limited, k.key, func(m *lima.LimaVM) error {
		if m.UID == k.uid {
			controllerutil.RemoveFinalizer(m, lima.Finalizer)
		}
		return nil
	})
	if err != nil && !apierrors.IsNotFound(err) {
		k.log.Error("The machine is gone, and its object stays for now", "error", err)
		return false
	}
	return true
}
