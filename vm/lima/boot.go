package lima

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/berth-desktop/berth/vm"
)

const bootPoll = 200 * time.Millisecond

func (d *Driver) ask(ctx context.Context, stdin []byte, said func(string), args ...string) (answer, error) {
	program, err := FindHelper(d.cfg.Helper)
	if err != nil {
		return answer{}, noHelper(err)
	}
	return helper{program: program, environ: d.cfg.Environ, home: d.cfg.Home}.ask(ctx, stdin, said, args...)
}

// make gives the machine the template that is wanted now, and its engine a disk.
func (d *Driver) make(ctx context.Context) error {
	if err := os.MkdirAll(d.cfg.Home, 0o700); err != nil {
		return err
	}
	if err := d.checkRoom(d.layout.exists()); err != nil {
		return err
	}
	if d.accel == nil {
		a := d.accelerate(ctx)
		d.accel = &a
	}
	text, err := d.cfg.Template(d.accel.by)
	if err != nil {
		return err
	}
	w, err := read(text)
	if err != nil {
		return &vm.Failure{Message: "The machine's template is no YAML", Hint: "Mend it, then try again.", Err: err}
	}
	if d.accel.by == KVM && w.VMType == "qemu" && !d.accel.tried {
		if text, w, err = d.proveKVM(ctx, text, w); err != nil {
			return err
		}
	}
	if name, size := w.data(); name != "" {
		if _, err := d.ask(ctx, nil, nil, "disk", name, fmt.Sprint(size)); err != nil {
			return d.refused(ctx, "The engine's disk could not be made", err)
		}
	}
	if _, err := d.ask(ctx, text, nil, "create", d.cfg.Name); err != nil {
		return d.refused(ctx, "Lima refuses the machine", err)
	}
	return nil
}

// refused words what the helper said. A Failure stays what it is.
func (d *Driver) refused(ctx context.Context, what string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f, ok := errors.AsType[*vm.Failure](err); ok {
		return f
	}
	text := err.Error()
	f := &vm.Failure{Message: what + ": " + plain([]byte(text)), Hint: "Mend that, then start again.", Err: err}
	switch {
	case strings.Contains(text, "no such host"), strings.Contains(text, "dial tcp"), strings.Contains(text, "i/o timeout"):
		f.Message = "The machine's system could not be downloaded: " + plain([]byte(text))
		f.Hint = "Connect this computer to the network, then start again. Where there is none, make guest-image makes one from Debian's packages."
	case strings.Contains(text, "no space left on device"), strings.Contains(text, "No space left on device"):
		f.Message, f.Hint = "The disk of this computer is full", "Free some space, then start again."
	case strings.Contains(text, "digest"):
		f.Message, f.Hint = "The machine's image is not the one that was promised", "Try again; if it stays so, the image was replaced at its source."
	case strings.Contains(text, "lima-guestagent"):
		f.Message, f.Hint = "Lima's guest agent is missing", "Install Berth again: lima-guestagent belongs beside berth-lima."
	case strings.Contains(text, "executable file not found"):
		f.Message, f.Hint = "A program that the machine needs is missing", "Install QEMU and ssh: qemu-system-x86, qemu-utils and openssh-client on Debian and Ubuntu."
	}
	return f
}

func (d *Driver) bringUp(ctx context.Context, p *progress) (*machine, error) {
	p.step(stepLook, 0)
	agent, qemu := d.layout.hostAgent(), d.layout.qemu()
	if agent.pid != 0 && (qemu.pid != 0 || d.layout.present().VMType != "qemu") {
		p.step(stepAdopt, d.patient.slow)
		if d.accel == nil {
			a := d.accelerate(ctx).as(accelerating(d.layout.present(), qemu))
			d.accel = &a
		}
		m := d.held(agent)
		if err := d.comesUp(ctx, m, p); err == nil {
			d.log.Info("The running machine was taken over", "agent", agent.pid)
			return m, nil
		} else if ctx.Err() != nil {
			return nil, ctx.Err()
		} else {
			d.log.Warn("The running machine is of no use", "err", err)
		}
	}
	// What is left of another run, whose containers may be well, and numbers of processes that are somebody else's by now.
	if err := d.takeDown(ctx, d.patient.stop); err != nil {
		return nil, err
	}
	p.step(stepDisks, time.Hour) // it may have to be downloaded
	if err := d.make(ctx); err != nil {
		return nil, err
	}
	prepared, err := d.prepare(ctx, p)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		p.step(stepBoot, d.patience())
		m, err := d.launch(prepared)
		if err != nil {
			return nil, err
		}
		err = d.comesUp(ctx, m, p)
		if !errors.Is(err, errPanic) || d.accel.by != TCG || try == translatedBoots {
			return m, err
		}
		d.log.Warn("The guest's kernel gave up, so it is booted again", "try", try, "err", err)
		if err := d.takeDown(ctx, 0); err != nil {
			return nil, err
		}
	}
}

// translatedBoots is how often a guest is booted whose kernel gives up: where its instructions are translated, QEMU 7.2
// has one of a dozen boots end so, and the next one succeeds.
const translatedBoots = 3

// errPanic marks the failure of a guest whose kernel gave up.
var errPanic = errors.New("kernel panic")

// prepare makes the system disk, anew if there is another image: the engine's data is not on it.
func (d *Driver) prepare(ctx context.Context, p *progress) (answer, error) {
	image := d.layout.present().image()
	if was, err := os.ReadFile(d.layout.imageMark()); err == nil && string(was) != image {
		d.log.Info("There is another image: the system disk is made anew", "was", string(was), "is", image)
		for _, f := range d.layout.systemFiles() {
			if err := remove(f); err != nil {
				return answer{}, err
			}
		}
	}
	a, err := d.ask(ctx, nil, p.message, "prepare", d.cfg.Name)
	if err != nil {
		return answer{}, d.refused(ctx, "The machine's disks could not be made", err)
	}
	return a, os.WriteFile(d.layout.imageMark(), []byte(image), 0o600)
}

func (d *Driver) patience() time.Duration {
	if d.accel != nil && d.accel.by == TCG {
		return d.patient.slow
	}
	return d.patient.fast
}

// launch starts the host agent, which starts the guest. It lives on when the daemon dies.
func (d *Driver) launch(prepared answer) (*machine, error) {
	program, err := FindHelper(d.cfg.Helper)
	if err != nil {
		return nil, noHelper(err)
	}
	args := []string{"hostagent", "--pidfile", d.layout.agentPID(), "--socket", d.layout.in("ha.sock")}
	if prepared.GUI {
		args = append(args, "--run-gui")
	}
	if prepared.GuestAgent != "" {
		args = append(args, "--guestagent", prepared.GuestAgent)
	}
	cmd := exec.Command(program, append(args, d.cfg.Name)...) //nolint:noctx // it outlives whoever starts it
	cmd.Env = append(helper{environ: d.cfg.Environ, home: d.cfg.Home}.env(), d.accel.environ()...)
	cmd.SysProcAttr = apart()
	stdout, err := os.OpenFile(d.layout.events(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer stdout.Close()
	stderr, err := os.OpenFile(d.layout.agentLog(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer stderr.Close()
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := errors.Join(remove(d.layout.console()), cmd.Start()); err != nil {
		return nil, noHelper(err)
	}
	done := make(chan struct{})
	go func() { // ends with the process
		defer close(done)
		err := cmd.Wait()
		d.log.Info("The host agent ended", "pid", cmd.Process.Pid, "err", err)
	}()
	return d.held(process{pid: cmd.Process.Pid, mark: d.layout.agentPID(), done: done}), nil
}

// held is a machine whose logs are read from their beginning.
func (d *Driver) held(agent process) *machine {
	m := &machine{agent: agent, events: tailer{path: d.layout.events()}, log: tailer{path: d.layout.agentLog()}, unfollow: func() {}}
	m.warnings.set(warnAccel, d.accel.warning())
	return m
}

// comesUp waits until the host agent says that the machine is up, and Docker in it answers.
func (d *Driver) comesUp(ctx context.Context, m *machine, p *progress) error {
	limited, cancel := context.WithTimeout(ctx, d.patience())
	defer cancel()
	console := tailer{path: d.layout.console()}
	poll := time.NewTicker(bootPoll)
	defer poll.Stop()
	for ready := false; ; {
		for _, line := range console.lines() {
			text := plain(line)
			if panicked(text) {
				f := d.failure("The guest's kernel gave up: "+text, "Start again; if it stays so, give the machine another image or fewer CPUs.")
				f.Err = errPanic
				return f
			}
			p.message(text)
		}
		for _, line := range m.log.lines() {
			said := parseSaid(line)
			d.hear(m, said)
			next := stepAfter(said.Msg)
			m.booted = m.booted || next == stepDocker
			p.step(next, d.patience())
		}
		for _, line := range m.events.lines() {
			e, ok := parseEvent(line)
			if !ok {
				continue
			}
			if e.Status.Exiting {
				return d.exited()
			}
			if e.Status.Running {
				ready, m.booted = true, true
				d.judge(m, e)
			}
		}
		if !m.agent.alive() {
			return d.exited()
		}
		if ready {
			p.step(stepDocker, d.patience())
			if d.ping(limited) == nil {
				m.qemu = d.layout.qemu()
				return nil
			}
		}
		select {
		case <-limited.Done():
			if ctx.Err() != nil {
				f := d.failure("The machine was not waited for", "")
				f.Err = ctx.Err()
				return f
			}
			what := "The machine did not come up"
			if ready {
				what = "The machine is up, but Docker in it did not answer"
			}
			return d.failure(fmt.Sprintf("%s within %s", what, d.patience()), "See the log for what it waits for, then try again.")
		case <-poll.C:
		}
	}
}

// judge takes what the host agent found wanting in a machine that is up for a warning.
func (d *Driver) judge(m *machine, e event) {
	if !e.Status.Degraded {
		return
	}
	text := plain([]byte(strings.Join(e.Status.Errors, "; ")))
	d.log.Warn("The machine is up, but not all of it works", "err", text)
	m.warnings.set(warnDegraded, "Not all of the machine works: "+text)
	m.agentLost = strings.Contains(text, "guest agent")
}
