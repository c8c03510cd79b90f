package host_test

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/host"
	"github.com/berth-desktop/berth/vm/vmtest"
)

// sshd starts one on loopback, with keys of its own, for this user alone, until the test ends. It puts an ssh on PATH
// that has the right key and knows the machine. It returns the address.
func sshd(t *testing.T) (address string) {
	t.Helper()
	dir := filepath.Dir(shortSocket(t))
	for _, key := range []string{"host", "user"} {
		if out, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v\n%s", err, out)
		}
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "sshd_config"), fmt.Sprintf(
		"ListenAddress 127.0.0.1\nPort %s\nHostKey %s/host\nAuthorizedKeysFile %[2]s/user.pub\nPermitRootLogin yes\nPasswordAuthentication no\nStrictModes no\nUsePAM no\nPidFile none\n", port, dir))
	pub, err := os.ReadFile(filepath.Join(dir, "host.pub"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "known"), fmt.Sprintf("[127.0.0.1]:%s %s", port, pub))
	write(t, filepath.Join(dir, "none"), "")
	write(t, filepath.Join(dir, "ssh_config"), fmt.Sprintf(
		"Host *\n  IdentityFile %[1]s/user\n  IdentitiesOnly yes\n  UserKnownHostsFile %[1]s/known\n  GlobalKnownHostsFile none\n", dir))
	real, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	wrapper := filepath.Join(dir, "bin", "ssh")
	write(t, wrapper, fmt.Sprintf("#!/bin/sh\nexec %s -F %s/ssh_config \"$@\"\n", real, dir))
	if err := os.Chmod(wrapper, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", filepath.Dir(wrapper)+":"+os.Getenv("PATH"))
	t.Setenv("SSH_AUTH_SOCK", "")

	if _, err := os.Stat("/run/sshd"); err != nil { // sshd insists on it
		if err := os.Mkdir("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove("/run/sshd") })
	}
	cmd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(dir, "sshd_config")) //nolint:noctx // it ends in cleanup
	log := &strings.Builder{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if t.Failed() {
			t.Logf("sshd said:\n%s", log)
		}
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-tick.C {
		if c, err := net.Dial("tcp", address); err == nil { //nolint:noctx // it is our own machine
			_ = c.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatal("sshd does not listen")
		}
	}
}

func overSSH(t *testing.T, endpoint string) (*host.Driver, string) {
	t.Helper()
	socket := shortSocket(t)
	return host.New(host.Config{Host: endpoint, Getenv: env(nil), Socket: socket, Logger: slog.New(slog.DiscardHandler)}), socket
}

func TestAnEngineIsReachedOverSSH(t *testing.T) {
	endpoint, _ := realDocker(t)
	far := "ssh://root@" + sshd(t) + strings.TrimPrefix(endpoint, "unix://")
	d, socket := overSSH(t, far)
	if err := d.Start(t.Context(), nil); err != nil {
		t.Fatalf("%v\nhint: %s", err, vm.FailureOf(err).Hint)
	}
	throughTheSocket(t, d, socket)
	vmtest.Conform(t, func(t *testing.T) vm.Driver { d, _ := overSSH(t, far); return d })
}

func TestAnSSHThatLeadsNowhereSaysWhyAndWhatToDo(t *testing.T) {
	address := sshd(t)
	_, port, _ := net.SplitHostPort(address)
	bin := filepath.Dir(strings.Split(os.Getenv("PATH"), ":")[0])
	for name, c := range map[string]struct {
		endpoint      string
		spoil         func(t *testing.T)
		message, hint string
	}{
		"no engine there":       {"ssh://root@" + address + "/nowhere/d.sock", nil, "Docker is not running on that machine", "sudo systemctl start docker"},
		"nobody answers ssh":    {"ssh://root@127.0.0.1:1", nil, "does not answer ssh", "ssh -p 1 root@127.0.0.1"},
		"no such machine":       {"ssh://root@no-such-machine.invalid", nil, "no machine of that name", "Check the address"},
		"another user":          {"ssh://nobody-here@" + address, nil, "may not log in without a question", "ssh -p " + port + " nobody-here@127.0.0.1"},
		"an unknown machine":    {"ssh://root@" + address, func(t *testing.T) { write(t, filepath.Join(bin, "known"), "") }, "does not know that machine", "Log in once"},
		"no ssh on this system": {"ssh://root@" + address, func(t *testing.T) { t.Setenv("PATH", t.TempDir()) }, "ssh is not installed", "openssh-client"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.spoil != nil {
				before, err := os.ReadFile(filepath.Join(bin, "known"))
				if err != nil {
					t.Fatal(err)
				}
				defer write(t, filepath.Join(bin, "known"), string(before))
				c.spoil(t)
			}
			d, socket := overSSH(t, c.endpoint)
			f := vm.FailureOf(d.Start(t.Context(), nil))
			if !strings.Contains(f.Message, c.message) || !strings.Contains(f.Hint, c.hint) {
				t.Errorf("got %q, hint %q, because %v", f.Message, f.Hint, f.Err)
			}
			if _, err := os.Lstat(socket); err == nil {
				t.Error("a socket that leads nowhere is left")
			}
		})
	}
}

// A client that comes once the way is cut is told so in its own language.
func TestAClientOfAnEngineThatWentAwayIsToldWhy(t *testing.T) {
	endpoint, engine := realDocker(t)
	d, socket := overSSH(t, "ssh://root@"+sshd(t)+strings.TrimPrefix(endpoint, "unix://"))
	if err := d.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := engine.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "docker", "--host", "unix://"+socket, "ps")
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "Docker is not running on that machine") {
		t.Errorf("docker: %v\n%s", err, out)
	}
	if s, err := d.Inspect(t.Context()); err != nil || s.Phase != vm.Crashed || s.Failure == nil {
		t.Errorf("Inspect of a dead engine: %+v, %v", s, err)
	}
	if err := d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}
