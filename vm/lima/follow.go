package lima

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"time"

	"github.com/berth-desktop/berth/vm"
)

const (
	followPoll = time.Second
	// deafPatience is how long Docker may not answer until the machine counts as crashed. A host that slept, or that is
	// very busy, has it answer again before that.
	deafPatience = 2 * time.Minute
	// mendAfter failed pings the connection is made anew.
	mendAfter = 2
	mendTries = 3
	notActive = 3 // how systemctl ends then; ssh's own trouble is 255
)

// follow watches a machine that is up until it is released or ends.
func (d *Driver) follow(m *machine) {
	ctx, cancel := context.WithCancel(context.Background())
	m.unfollow = cancel
	m.following.Go(func() {
		if f := d.watchOver(ctx, m); f != nil {
			d.crashed(ctx, m, f)
		}
	})
}

// crashed says so, unless the machine was asked to end meanwhile. What is left of it is brought down, so that nothing of
// a machine that is said to be down runs on; in order if it can be, for the containers in it may be well.
func (d *Driver) crashed(ctx context.Context, m *machine, f *vm.Failure) {
	d.mu.Lock()
	asked := m.asked
	d.mu.Unlock()
	if asked {
		return
	}
	d.log.Error("The machine crashed", "err", f)
	if m.agent.alive() || m.qemu.alive() {
		d.shutDown(ctx, m.agent, m.qemu, d.patient.stop)
	}
	if err := end(ctx, m.qemu, m.agent); err != nil {
		d.log.Error("A crashed machine left something behind", "err", err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !m.asked {
		d.state.Set(vm.State{Phase: vm.Crashed, Failure: f})
	}
}

// watchOver returns why the machine has crashed, or nothing once ctx ends.
func (d *Driver) watchOver(ctx context.Context, m *machine) *vm.Failure {
	poll := time.NewTicker(followPoll)
	defer poll.Stop()
	w := watchdog{d: d, m: m}
	pinged := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
		for _, line := range m.log.lines() {
			d.hear(m, parseSaid(line))
		}
		for _, line := range m.events.lines() {
			if e, ok := parseEvent(line); ok && e.Status.Exiting {
				return d.ended(m)
			}
		}
		if !m.agent.alive() || m.qemu.pid != 0 && !m.qemu.alive() {
			return d.ended(m)
		}
		if time.Since(pinged) >= d.patient.pingEvery {
			if f := w.ask(ctx); f != nil {
				return f
			}
			d.mendAgent(ctx, m)
			d.retryPorts(ctx, m)
			pinged = time.Now()
		}
		d.tell(m)
	}
}

// tell shows what the warnings are now.
func (d *Driver) tell(m *machine) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !m.asked && d.state.Get().Phase == vm.Running {
		d.state.Set(d.running(m))
	}
}

// ended explains a machine that went down by itself.
func (d *Driver) ended(m *machine) *vm.Failure {
	const hint = "See the log for what it said last, then start it again."
	if m.qemu.pid != 0 && m.qemu.alive() {
		return d.failure("The program that connects the machine to this computer ended", hint)
	}
	for _, line := range d.LogTail() {
		switch {
		case panicked(line):
			return d.failure("The guest's kernel gave up: "+line, hint)
		case isPowerOff(line):
			return d.failure("The machine was switched off from inside", "Start it again.")
		}
	}
	return d.failure("The machine ended unexpectedly", hint)
}

// watchdog asks Docker in the machine whether it is there, and mends the way to it.
type watchdog struct {
	d      *Driver
	m      *machine
	silent time.Time // since when it does not answer; zero while it does
	failed int       // pings in a row
	mended int       // times in a row
}

func (w *watchdog) ask(ctx context.Context) *vm.Failure {
	err := w.d.ping(ctx)
	if ctx.Err() != nil {
		return nil //nolint:nilerr // nobody wants to know any more
	}
	if err == nil {
		w.silent, w.failed, w.mended = time.Time{}, 0, 0
		w.m.warnings.set(warnDeaf, "")
		w.m.warnings.set(warnDisk, "")
		return nil
	}
	w.failed++
	if w.silent.IsZero() {
		w.silent = time.Now()
	}
	if w.paused(ctx) {
		w.silent = time.Now() // it does not run, so it cannot answer
		return nil
	}
	if unreachable(err) {
		return w.mend(ctx)
	}
	if w.failed >= mendAfter {
		w.m.warnings.set(warnDeaf, "Docker in the machine does not answer.")
	}
	if time.Since(w.silent) >= w.d.patient.deaf {
		return w.d.failure("Docker in the machine did not answer for "+w.d.patient.deaf.String(), "See the log, then start the machine again.")
	}
	return nil
}

// unreachable tells a way that is cut from an engine that is slow.
func unreachable(err error) bool {
	var timeout net.Error
	return !errors.Is(err, context.DeadlineExceeded) && (!errors.As(err, &timeout) || !timeout.Timeout())
}

// paused says whether QEMU halted the machine for want of room on the host's disk, and lets it go on once there is some.
func (w *watchdog) paused(ctx context.Context) bool {
	if w.m.qemu.pid == 0 {
		return false
	}
	status, err := w.d.layout.qmp(ctx, "query-status")
	if err != nil || status != pausedByDisk {
		return false
	}
	w.m.warnings.set(warnDisk, "The disk of this computer is full, so the machine is paused. Free some space: it goes on by itself.")
	if has, err := free(w.d.cfg.Home); err == nil && has >= roomFor(true) {
		if _, err := w.d.layout.qmp(ctx, "cont"); err != nil {
			w.d.log.Warn("The paused machine does not go on", "err", err)
		}
	}
	return true
}

// stopped says whether the guest was reached and says that its Docker does not run.
func (w *watchdog) stopped(ctx context.Context) bool {
	err := w.d.layout.ssh(ctx, w.d.layout.guestName(), "systemctl", "is-active", "--quiet", "docker.service")
	exit, ok := errors.AsType[*exec.ExitError](err)
	return ok && exit.ExitCode() == notActive
}

// mend makes the connection to the guest anew: Lima does not notice that it broke.
func (w *watchdog) mend(ctx context.Context) *vm.Failure {
	if w.failed < mendAfter {
		return nil
	}
	if w.mended++; w.mended > mendTries {
		if w.stopped(ctx) {
			return w.d.failure("Docker in the machine was stopped", "Start the machine again; Docker starts with it.")
		}
		return w.d.failure("The connection to the machine broke and could not be mended", "Start the machine again.")
	}
	if w.stopped(ctx) {
		w.m.warnings.set(warnDeaf, "Docker in the machine does not run.") // it may be on its way
		return nil
	}
	w.d.log.Warn("The connection to the machine broke: making it anew", "try", w.mended)
	l := w.d.layout
	if l.ssh(ctx, "-O", "check", l.guestName()) != nil {
		// Any command makes a new one, which stays.
		if err := l.ssh(ctx, l.guestName(), "true"); err != nil {
			w.d.log.Warn("The machine cannot be reached", "err", err)
			return nil
		}
	}
	forward := l.socket + ":/run/docker.sock"
	_ = l.ssh(ctx, "-O", "cancel", "-L", forward, l.guestName()) // it may know of none
	if err := remove(l.socket); err != nil {
		w.d.log.Warn("A socket that nobody listens on cannot be removed", "err", err)
	}
	if err := l.ssh(ctx, "-O", "forward", "-L", forward, l.guestName()); err != nil {
		w.d.log.Warn("The engine's socket cannot be forwarded", "err", err)
		return nil
	}
	if err := os.Chmod(l.socket, 0o600); err != nil {
		w.d.log.Warn("The engine's socket cannot be closed to others", "err", err)
	}
	return nil
}
