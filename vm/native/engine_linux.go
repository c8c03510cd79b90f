package native

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/internal/docker"
)

const (
	pollEvery    = 20 * time.Millisecond
	pingPatience = time.Second
)

// engine is a dockerd with its containerd that runs and is held.
type engine struct {
	dockerd    *process
	containerd *process // nil if dockerd keeps its own, as without root
	logStart   int64

	asked     chan struct{} // closed when somebody wants it down
	askOnce   sync.Once
	following sync.WaitGroup
	unfollow  context.CancelFunc
}

// ask marks that the engine's end is wanted, so that it is no crash.
func (e *engine) ask() { e.askOnce.Do(func() { close(e.asked) }) }

// ended is closed when the first of its programs has ended.
func (e *engine) ended() <-chan struct{} {
	if e.containerd == nil {
		return e.dockerd.done
	}
	either := make(chan struct{})
	go func() {
		defer close(either)
		select {
		case <-e.dockerd.done:
		case <-e.containerd.done:
		}
	}()
	return either
}

func (e *engine) alive() bool {
	return e.dockerd.alive() && (e.containerd == nil || e.containerd.alive())
}

// culprit names the program that ended first, as far as can be told, and how.
func (e *engine) culprit() (program, how string) {
	if e.containerd != nil && !e.containerd.alive() && e.dockerd.alive() {
		return "containerd", e.containerd.how
	}
	return "Docker", e.dockerd.how
}

// adopt holds an engine that runs already and answers. It returns nil if there is none, or none that is whole.
func (d *Driver) adopt(ctx context.Context, r residents, t tools) (*engine, error) {
	if len(r.dockerd) != 1 || (t.rootless == "" && len(r.containerd) != 1) {
		return nil, nil
	}
	e := &engine{asked: make(chan struct{}), logStart: 0}
	var err error
	if e.dockerd, err = hold(r.dockerd[0], d.layout.isDockerd); err != nil || e.dockerd == nil {
		return nil, err
	}
	if t.rootless == "" {
		if e.containerd, err = hold(r.containerd[0], d.layout.isContainerd); err != nil || e.containerd == nil {
			return nil, err
		}
	}
	patient, cancel := context.WithTimeout(ctx, adoptPatience)
	defer cancel()
	if err := d.answers(patient, e); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		d.log.Warn("An engine that runs does not answer and is started anew", "pid", e.dockerd.pid, "err", err)
		return nil, nil
	}
	return e, nil
}

// answers waits until the engine answers, dies, or ctx ends.
func (d *Driver) answers(ctx context.Context, e *engine) error {
	ended := e.ended()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := d.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-ended:
			return errEnded
		case <-tick.C:
		}
	}
}

func (d *Driver) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingPatience)
	defer cancel()
	return d.client.Ping(ctx)
}

// launch starts the engine's programs. What it started is in the engine even if it fails.
func (d *Driver) launch(ctx context.Context, t tools, bridge string) (e *engine, err error) {
	out, start, err := openLog(d.layout.log)
	if err != nil {
		return nil, folderFailure(d.layout.log, err)
	}
	defer out.Close() // the programs have their own
	e = &engine{asked: make(chan struct{}), logStart: start}
	if t.rootless == "" {
		if e.containerd, err = d.run(out, t.containerd, "--config="+d.layout.containerdConfig()); err != nil {
			return e, err
		}
		if err := d.containerdListens(ctx, e.containerd); err != nil {
			return e, err
		}
	}
	program, args := d.layout.dockerdCommand(t, bridge, os.Getgid())
	e.dockerd, err = d.run(out, program, args...)
	return e, err
}

func (d *Driver) run(out *os.File, program string, args ...string) (*process, error) {
	cmd := exec.Command(program, args...) //nolint:noctx // it outlives the Start that launches it, and even us
	cmd.Dir = "/"
	cmd.Env = d.layout.environment(os.Environ())
	cmd.Stdout, cmd.Stderr = out, out
	p, err := launch(cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return p, nil
}

// containerdListens waits for containerd's socket: dockerd, when it finds none, only tries again after a second.
func (d *Driver) containerdListens(ctx context.Context, p *process) error {
	tick := time.NewTicker(pollEvery / 4)
	defer tick.Stop()
	var dialer net.Dialer
	for {
		if c, err := dialer.DialContext(ctx, "unix", d.layout.containerdSocket()); err == nil {
			return c.Close()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return errEnded
		case <-tick.C:
		}
	}
}

// dockerdCommand is how this engine's dockerd is called. The folders on it are what it is found by later.
func (l layout) dockerdCommand(t tools, bridge string, gid int) (string, []string) {
	args := []string{
		"--host=" + l.endpoint(),
		"--data-root=" + l.dataRoot(),
		"--exec-root=" + l.execRoot(),
		"--pidfile=" + l.pidFile(),
		"--config-file=" + l.dockerdConfig(),
		"--live-restore=false",
	}
	if t.rootless != "" {
		return t.rootless, args
	}
	return t.dockerd, append(args,
		// Without this dockerd would share the containerd that the system runs, if there is one.
		"--containerd="+l.containerdSocket(),
		// The default is the group docker, whose members would be root here.
		"--group="+strconv.Itoa(gid),
		"--bridge="+bridge,
		"--default-address-pool=base="+pool+",size="+strconv.Itoa(poolBits),
		// See firewall: dockerd's own rules would break those of an installed Docker.
		"--iptables=false",
		"--ip6tables=false",
	)
}

// environment is ours, without what would make dockerd think of another socket or of a service manager.
func (l layout) environment(ours []string) []string {
	env := slices.DeleteFunc(slices.Clone(ours), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"DOCKER_HOST", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "NOTIFY_SOCKET", "XDG_RUNTIME_DIR"}, name) ||
			strings.HasPrefix(name, "LISTEN_")
	})
	// The rootless script keeps its own sockets there; the folder keeps them apart from an installed rootless Docker.
	env = append(env, "XDG_RUNTIME_DIR="+l.run)
	if i := slices.IndexFunc(env, func(v string) bool { return strings.HasPrefix(v, "PATH=") }); i >= 0 {
		env[i] += ":/usr/sbin:/sbin" // dockerd looks for iptables and modprobe, and a desktop session's PATH lacks them
	}
	return env
}

// begin hands the engine over to the goroutines that watch it.
func (d *Driver) begin(e *engine) {
	ctx, cancel := context.WithCancel(context.Background())
	e.unfollow = cancel
	e.following.Go(func() { keepLogSmall(ctx, d.layout.log, d.log) })
	if e.containerd != nil {
		e.following.Go(func() { d.plumbing().follow(ctx) })
	}
	go func() {
		defer cancel()
		select {
		case <-e.asked:
		case <-e.ended():
			d.crashed(e)
		}
	}()
}

func (d *Driver) crashed(e *engine) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-e.asked:
		return
	default:
	}
	program, how := e.culprit()
	if how != "" {
		how = " (" + how + ")"
	}
	d.log.Error("The engine ended and nobody asked for it", "program", program, "how", how)
	f := d.layout.explain(program+" ended unexpectedly"+how, errEnded, tail(d.layout.log, e.logStart))
	d.state.Set(vm.State{Phase: vm.Crashed, Failure: f})
}

func (d *Driver) plumbing() plumbing {
	return plumbing{layout: d.layout, client: docker.New("unix", d.layout.socket), log: d.log, now: time.Now}
}
