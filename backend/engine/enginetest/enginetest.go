// Package enginetest runs a real Docker daemon for a test: private in all that it touches, without a network, and
// with one image, busybox:latest, made from the static busybox of the machine. Tests and benchmarks may use it.
package enginetest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

// Daemon is a running dockerd.
type Daemon struct {
	dir    string
	moby   *client.Client
	cmd    *exec.Cmd
	exited chan struct{} // closed once cmd has ended
	bridge bool
}

// Option changes how the daemon is started.
type Option func(*Daemon)

// WithBridge gives the daemon its usual bridge and its rules in the machine's packet filter. No more than one such
// daemon can run at a time.
func WithBridge() Option { return func(d *Daemon) { d.bridge = true } }

// Start runs a daemon until the test has ended. It needs root, dockerd and a static busybox.
func Start(t testing.TB, options ...Option) *Daemon {
	t.Helper()
	dir, err := os.MkdirTemp("", "eng") //nolint:usetesting // t.TempDir would make too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	d := &Daemon{dir: dir}
	for _, o := range options {
		o(d)
	}
	if d.moby, err = client.New(client.WithHost(d.Endpoint())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.clean(t) })
	d.launch(t)
	d.importBusybox(t)
	return d
}

// Endpoint is where docker clients reach the daemon.
func (d *Daemon) Endpoint() string { return "unix://" + d.Socket() }

// Socket is the path of the daemon's socket.
func (d *Daemon) Socket() string { return filepath.Join(d.dir, "docker.sock") }

// Pid is the process of the daemon.
func (d *Daemon) Pid() int { return d.cmd.Process.Pid }

// Moby is a client of the daemon, for what the docker CLI would be too slow or too clumsy.
func (d *Daemon) Moby() *client.Client { return d.moby }

// Docker runs the docker CLI against the daemon and returns what it wrote, without the last line break.
func (d *Daemon) Docker(t testing.TB, args ...string) string {
	t.Helper()
	out, err := d.TryDocker(t, args...)
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// TryDocker is Docker for commands that may fail.
func (d *Daemon) TryDocker(t testing.TB, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "docker", append([]string{"--host", d.Endpoint()}, args...)...)
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+filepath.Join(d.dir, "cli"))
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// Kill ends the daemon as a crash would, and with it whatever it was just doing. Containers live on.
func (d *Daemon) Kill(t testing.TB) {
	t.Helper()
	d.signal(t, syscall.SIGKILL)
	<-d.exited
}

// Stop ends the daemon gracefully, and its containers.
func (d *Daemon) Stop(t testing.TB) {
	t.Helper()
	d.signal(t, syscall.SIGTERM)
	<-d.exited
}

// Restart starts the daemon again, after it has been killed if it still runs.
func (d *Daemon) Restart(t testing.TB) {
	t.Helper()
	if d.running() {
		d.Kill(t)
	}
	d.launch(t)
}

// Freeze stops the daemon's process in its tracks, so that its socket accepts and never answers, until Thaw.
func (d *Daemon) Freeze(t testing.TB) {
	t.Helper()
	d.signal(t, syscall.SIGSTOP)
}

// Thaw ends a Freeze.
func (d *Daemon) Thaw(t testing.TB) {
	t.Helper()
	d.signal(t, syscall.SIGCONT)
}

func (d *Daemon) signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("send the daemon %v: %v", s, err)
	}
}

func (d *Daemon) running() bool {
	if d.cmd == nil {
		return false
	}
	select {
	case <-d.exited:
		return false
	default:
		return true
	}
}

// launch starts the process and waits until it answers.
func (d *Daemon) launch(t testing.TB) {
	t.Helper()
	d.forgetContainerd()
	cmd := d.command()
	log, err := os.OpenFile(filepath.Join(d.dir, "dockerd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start dockerd (make deps installs it): %v", err)
	}
	exited := make(chan struct{})
	d.cmd, d.exited = cmd, exited
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	const patience = 60 * time.Second // for a machine that is busy
	for end := time.Now().Add(patience); ; {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		_, err := d.moby.Ping(ctx, client.PingOptions{})
		cancel()
		if err == nil {
			return
		}
		if !d.running() || time.Now().After(end) {
			t.Fatalf("dockerd does not answer: %v\n%s", err, d.logTail())
		}
		<-time.After(10 * time.Millisecond)
	}
}

func (d *Daemon) arguments() []string {
	args := []string{
		"--host", d.Endpoint(),
		"--data-root", filepath.Join(d.dir, "data"),
		"--exec-root", filepath.Join(d.dir, "run"),
		"--pidfile", filepath.Join(d.dir, "dockerd.pid"),
		"--config-file", filepath.Join(d.dir, "daemon.json"),
		"--shutdown-timeout", "5",
		// A containerd of the machine would be used if there is one, so keep out of everybody else's rooms.
		"--containerd-namespace", filepath.Base(d.dir),
		"--containerd-plugins-namespace", filepath.Base(d.dir) + "-plugins",
	}
	if !d.bridge {
		args = append(args, "--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")
	}
	_ = os.WriteFile(filepath.Join(d.dir, "daemon.json"), settings(), 0o600)
	return args
}

func (d *Daemon) logTail() string {
	text, err := os.ReadFile(filepath.Join(d.dir, "dockerd.log"))
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	const most = 20
	return string(bytes.Join(lines[max(0, len(lines)-most):], []byte("\n")))
}
