//go:build linux

package native_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/native"
)

func TestContainersAndVolumesOutliveTheEngine(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	importBusybox(t, cfg)
	docker(t, cfg, "volume", "create", "kept")
	docker(t, cfg, "run", "-d", "--stop-signal", "KILL", "--name", "kept", "-v", "kept:/v", "--restart", "always", "busybox", "sleep", "1000")
	docker(t, cfg, "create", "--name", "idle", "busybox", "sleep", "1")
	docker(t, cfg, "exec", "kept", "/bin/sh", "-c", "echo hello > /v/word")
	stop(t, d)
	if left := processes(t, cfg.Run); len(left) > 0 {
		t.Fatalf("still running after a stop: %v", left)
	}
	start(t, d)
	if got := docker(t, cfg, "exec", "kept", "cat", "/v/word"); got != "hello" {
		t.Errorf("the volume holds %q", got)
	}
	if got := docker(t, cfg, "ps", "-a", "--filter", "name=idle", "--format", "{{.State}}"); got != "created" {
		t.Errorf("the idle container is %q", got)
	}
}

func TestKillEndsContainersAndTheirDataStay(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	importBusybox(t, cfg)
	docker(t, cfg, "run", "-d", "--name", "stubborn", "busybox", "sh", "-c", "trap '' TERM; while :; do sleep 1000; done")
	began := time.Now()
	if err := d.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("kill took %s: it waited for a container", took)
	}
	if left := append(processes(t, cfg.Run), processes(t, "sleep", "1000", "trap")...); len(left) > 0 {
		t.Errorf("still running after a kill: %v", left)
	}
	start(t, d)
	if got := docker(t, cfg, "ps", "-a", "--format", "{{.Names}} {{.State}}"); got != "stubborn exited" {
		t.Errorf("after a kill and a start: %q", got)
	}
}

func TestDeleteRefusesWhileRunningAndThenRemovesAll(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	err := d.Delete(t.Context())
	if err == nil || !strings.Contains(vm.FailureOf(err).Hint, "Stop it first") {
		t.Fatalf("delete of a running engine: %v", err)
	}
	stop(t, d)
	outside := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(cfg.Data, "way-out")); err != nil {
		t.Fatal(err)
	}
	mounted := filepath.Join(cfg.Data, "mounted")
	if err := os.Mkdir(mounted, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(filepath.Dir(outside), mounted, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	if err := d.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(outside); err != nil {
		t.Errorf("a file outside of the engine's folders: %v", err)
	}
	for _, gone := range []string{cfg.Data, cfg.Run, cfg.Socket} {
		if _, err := os.Lstat(gone); err == nil {
			t.Errorf("%s is still there", gone)
		}
	}
	if s, err := d.Inspect(t.Context()); err != nil || s.Phase != vm.Absent {
		t.Errorf("a deleted engine is %+v, %v", s, err)
	}
}

func TestAFullDiskIsNamedWithWhatToDo(t *testing.T) {
	cfg := folders(t)
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", cfg.Data, "tmpfs", 0, "size=128k"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(cfg.Data, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	d := native.New(cfg)
	f := vm.FailureOf(d.Start(t.Context(), nil))
	if !strings.HasPrefix(f.Hint, "Free some space on the disk of "+cfg.Data) || len(f.LogTail) == 0 || len(f.LogTail) > 20 {
		t.Errorf("got %q, hint %q, %d lines of log", f.Message, f.Hint, len(f.LogTail))
	}
	left(t, cfg, d)
}

func TestAnEngineThatCannotStartSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		spoil         func(t *testing.T, cfg *native.Config)
		message, hint string
	}{
		"no dockerd": {
			func(_ *testing.T, cfg *native.Config) { cfg.Dockerd = "/nowhere/dockerd" },
			"Docker is not installed", "sudo apt install docker.io",
		},
		"folders too long for a socket": {
			func(_ *testing.T, cfg *native.Config) { cfg.Run = filepath.Join(cfg.Run, strings.Repeat("x", 100)) },
			"too long", "BERTH_HOME",
		},
		"a data folder that is a file": {
			func(t *testing.T, cfg *native.Config) {
				if err := os.WriteFile(cfg.Data, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			},
			"Berth cannot write to", "folder",
		},
		"a dockerd that ends at once": {
			func(t *testing.T, cfg *native.Config) {
				cfg.Dockerd = filepath.Join(t.TempDir(), "dockerd")
				script := "#!/bin/sh\necho 'failed to start daemon: the moon is wrong' >&2\nexit 1\n"
				if err := os.WriteFile(cfg.Dockerd, []byte(script), 0o700); err != nil {
					t.Fatal(err)
				}
			},
			"Docker did not start: the moon is wrong", "The log says more",
		},
		"a place that is no place": {
			func(_ *testing.T, cfg *native.Config) { cfg.Data = "data" },
			"absolute path", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := folders(t)
			spoilt := cfg
			c.spoil(t, &spoilt)
			d := native.New(spoilt)
			f := vm.FailureOf(d.Start(t.Context(), nil))
			if !strings.Contains(f.Message, c.message) || !strings.Contains(f.Hint, c.hint) {
				t.Errorf("got %q, hint %q", f.Message, f.Hint)
			}
			if left := processes(t, cfg.Run); len(left) > 0 {
				t.Errorf("left running: %v", left)
			}
		})
	}
}

func TestALargeLogIsPutAside(t *testing.T) {
	cfg := folders(t)
	if err := os.WriteFile(cfg.Log, bytes.Repeat([]byte("old\n"), 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	d := native.New(cfg)
	start(t, d)
	old, err := os.Stat(cfg.Log + ".1")
	if err != nil || old.Size() != 8<<20 {
		t.Errorf("the old log: %v, %v", old, err)
	}
	if now, err := os.Stat(cfg.Log); err != nil || now.Size() > 1<<20 {
		t.Errorf("the new log: %v, %v", now, err)
	}
}

func TestPublishedPortsAndNamesOfNetworksWork(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	importBusybox(t, cfg)
	if got := docker(t, cfg, "network", "inspect", "bridge", "--format", `{{index .Options "com.docker.network.bridge.name"}}`); !strings.HasPrefix(got, "berth-") {
		t.Fatalf("the default network is on the link %q", got)
	}
	docker(t, cfg, "network", "create", "mine")
	link := "br-" + docker(t, cfg, "network", "inspect", "mine", "--format", "{{.ID}}")[:12]
	docker(t, cfg, "run", "-d", "--stop-signal", "KILL", "--name", "web", "--network", "mine", "-p", "127.0.0.1::80", "busybox", "httpd", "-f", "-p", "80", "-h", "/bin")
	address := docker(t, cfg, "port", "web", "80")
	eventually(t, "the published port answers", 5*time.Second, func() bool {
		resp, err := http.Get("http://" + address + "/sh") //nolint:noctx // it is our own machine
		return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	})
	docker(t, cfg, "run", "--rm", "--network", "mine", "busybox", "wget", "-q", "-O", "/dev/null", "http://web/sh")

	eventually(t, "the new network has rules", 5*time.Second, func() bool { return strings.Contains(iptables(t, "-t", "nat", "-S"), link) })
	stop(t, d)
	if rules := iptables(t, "-S") + iptables(t, "-t", "nat", "-S"); strings.Contains(rules, link) {
		t.Errorf("rules are left:\n%s", rules)
	}
	if _, err := net.InterfaceByName(link); err == nil {
		t.Errorf("the link %s is left", link)
	}
	start(t, d)
	docker(t, cfg, "start", "web")
}

// Containers reach other networks in the name of this machine: a listener that is neither theirs nor on their bridge
// sees our address, not theirs.
func TestContainersReachOtherNetworksMasqueraded(t *testing.T) {
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	importBusybox(t, cfg)
	far := otherNetwork(t)
	docker(t, cfg, "run", "--rm", "busybox", "sh", "-c", "timeout 5 wget -q -O /dev/null http://"+far+"/sh; exit $?")
	docker(t, cfg, "network", "create", "mine")
	link := "br-" + docker(t, cfg, "network", "inspect", "mine", "--format", "{{.ID}}")[:12]
	eventually(t, "the new network has rules", 5*time.Second, func() bool { return strings.Contains(iptables(t, "-t", "nat", "-S"), link) })
	docker(t, cfg, "run", "--rm", "--network", "mine", "busybox", "sh", "-c", "timeout 5 wget -q -O /dev/null http://"+far+"/sh; exit $?")

	docker(t, cfg, "run", "-d", "--stop-signal", "KILL", "--name", "web", "busybox", "httpd", "-f", "-p", "80", "-h", "/bin")
	ip := docker(t, cfg, "inspect", "web", "--format", "{{.NetworkSettings.IPAddress}}")
	if out, err := tryDocker(t, cfg, "run", "--rm", "--network", "mine", "busybox", "sh", "-c", "timeout 2 wget -q -O /dev/null http://"+ip+"/sh; exit $?"); err == nil {
		t.Errorf("one network reaches another: %s", out)
	}
}

func iptables(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "iptables", args...).Output()
	if err != nil {
		t.Fatalf("iptables %v: %v", args, err)
	}
	return string(out)
}

// otherNetwork makes a machine behind a link, with a web server that knows no way back to containers. It returns its
// address.
func otherNetwork(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("bt%d", os.Getpid()%100000)
	ip := func(args ...string) {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil { //nolint:noctx // it also runs in cleanup
			t.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
	ip("netns", "add", name)
	t.Cleanup(func() { ip("netns", "del", name) })
	ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
	ip("addr", "add", "198.51.100.1/30", "dev", name)
	ip("link", "set", name, "up")
	ip("-n", name, "addr", "add", "198.51.100.2/30", "dev", "eth0")
	ip("-n", name, "link", "set", "eth0", "up")
	web := exec.Command("ip", "netns", "exec", name, "/bin/busybox", "httpd", "-f", "-p", "80", "-h", "/bin") //nolint:noctx // it ends in cleanup
	if err := web.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := web.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = web.Wait() // it was killed
	})
	eventually(t, "the other machine answers", 5*time.Second, func() bool {
		resp, err := http.Get("http://198.51.100.2/sh") //nolint:noctx // it is our own machine
		return err == nil && resp.Body.Close() == nil
	})
	return "198.51.100.2"
}

// A dockerd that writes rules itself empties the chain DOCKER when it starts, which is that of an installed Docker.
func TestTheRulesOfAnInstalledDockerAreLeftAlone(t *testing.T) {
	if exec.CommandContext(t.Context(), "iptables", "-t", "nat", "-n", "-L", "DOCKER").Run() != nil {
		iptables(t, "-t", "nat", "-N", "DOCKER")
		t.Cleanup(func() {
			for _, args := range [][]string{{"-F", "DOCKER"}, {"-X", "DOCKER"}} {
				if out, err := exec.Command("iptables", append([]string{"-t", "nat"}, args...)...).CombinedOutput(); err != nil { //nolint:noctx // the test's context has ended
					t.Errorf("iptables %v: %v\n%s", args, err, out)
				}
			}
		})
		iptables(t, "-t", "nat", "-A", "DOCKER", "-d", "198.51.100.9/32", "-j", "RETURN")
	}
	all := func() string { return iptables(t, "-S") + iptables(t, "-t", "nat", "-S") }
	before := all()
	cfg := folders(t)
	d := native.New(cfg)
	start(t, d)
	for rule := range strings.Lines(before) {
		if !strings.Contains(all(), rule) {
			t.Errorf("a rule of others is gone: %s", rule)
		}
	}
	stop(t, d)
	if after := all(); after != before {
		t.Errorf("before:\n%safter:\n%s", before, after)
	}
}
