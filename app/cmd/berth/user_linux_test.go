package main

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Root is told and allowed what an ordinary user is not, so this runs the command line as one that is made for it.
func TestAnOrdinaryUserIsServed(t *testing.T) {
	u := newOrdinary(t)
	if entries, err := os.ReadDir(u.home); err != nil || len(entries) != 1 {
		t.Fatalf("the home is not empty but for the program: %v, %v", entries, err)
	}
	out, _ := u.sh("berth doctor") // what it finds is this machine's; how it tells it is ours
	for _, want := range []string{"rootless", "folders", "daemon", "Berth is not running", " problem", " warning"} {
		if !strings.Contains(out, want) {
			t.Errorf("the doctor says nothing of %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "runs as root") {
		t.Errorf("the doctor takes the user for root:\n%s", out)
	}
	if entries, err := os.ReadDir(u.home); err != nil || len(entries) != 1 {
		t.Errorf("the doctor left something behind: %v, %v", entries, err)
	}
	if out, err := u.sh("berth doctor | grep -A1 '^ok *rootless .*All is there'"); err != nil {
		t.Fatalf("this machine does not let users have engines: %v\n%s", err, out)
	}

	if out, err := u.sh("berth start && berth doctor"); err != nil || !strings.Contains(out, "The engine is ready") {
		t.Fatalf("start: %v\n%s", err, out)
	}
	for crash, after := range []string{"running", "running", "running", "failed"} {
		if out, err := u.sh(rootlessCrash, after); err != nil {
			t.Fatalf("after crash %d it is not %s: %v\n%s", crash+1, after, err, out)
		}
	}
	if out, err := u.sh("berth doctor"); err == nil || !strings.Contains(out, "problem") {
		t.Errorf("the doctor finds nothing wrong with an engine that was given up: %v\n%s", err, out)
	}
	if out, err := u.sh("berth start && berth stop && berth quit"); err != nil {
		t.Errorf("whoever starts it again does not get it: %v\n%s", err, out)
	}
	if left := commandsNaming(u.home); len(left) > 0 {
		t.Errorf("these still run: %q", left)
	}
}

// rootlessCrash kills the engine's daemon and waits until the engine is again, or no longer, what it is told.
const rootlessCrash = `
pidfile=$BERTH_HOME/run/engine/docker.pid
was=$(cat "$pidfile")
kill -9 "$was"
for i in $(seq 300); do
  case "$1" in
  running) [ -s "$pidfile" ] && [ "$(cat "$pidfile")" != "$was" ] && berth status | grep -q '^Engine *running' && exit 0 ;;
  *) berth status | grep -q "^Engine *$1" && exit 0 ;;
  esac
  sleep 0.2
done
berth status
exit 1
`

// ordinary is a user who is not root and has the program alone at home.
type ordinary struct {
	t    *testing.T
	home string
	name string
	ids  syscall.Credential
}

// newOrdinary makes a user, and ends and removes all of theirs after the test.
func newOrdinary(t *testing.T) *ordinary {
	t.Helper()
	name := fmt.Sprintf("berth-cli-%d", os.Getpid())
	run := func(program string, args ...string) {
		t.Helper()
		if out, err := exec.Command(program, args...).CombinedOutput(); err != nil { //nolint:noctx // it also runs in cleanup
			t.Fatalf("%s %v: %v\n%s", program, args, err, out)
		}
	}
	run("useradd", "--create-home", "--skel", t.TempDir(), "--home-dir", "/home/"+name, name)
	t.Cleanup(func() { run("userdel", "--force", "--remove", name) })
	if text, err := os.ReadFile("/etc/subuid"); err != nil || !strings.Contains(string(text), name+":") {
		run("usermod", "--add-subuids", "700000-765535", "--add-subgids", "700000-765535", name)
	}
	const tun = "/dev/net/tun"
	was, err := os.Stat(tun)
	if err != nil {
		t.Fatal(err)
	}
	run("chmod", "666", tun)
	t.Cleanup(func() { _ = os.Chmod(tun, was.Mode().Perm()) })
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	o := &ordinary{t: t, home: u.HomeDir, name: name, ids: syscall.Credential{Uid: id(t, u.Uid), Gid: id(t, u.Gid)}}
	// Copied by another process: a child forked while we write would hold the file open, and it could not be run.
	run("cp", os.Args[0], filepath.Join(o.home, "berth"))
	run("chmod", "755", filepath.Join(o.home, "berth"))
	t.Cleanup(func() {
		// What a container's users left can only be removed from within a namespace: reset does that.
		if out, err := o.sh("[ ! -e $BERTH_HOME ] || berth reset --yes; berth quit; true"); err != nil {
			t.Errorf("clean up: %v\n%s", err, out)
		}
	})
	return o
}

func id(t *testing.T, text string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

// sh runs a shell's text as the user, and gives all that it says.
func (o *ordinary) sh(text string, args ...string) (string, error) {
	cmd := exec.Command("sh", append([]string{"-c", text, "sh"}, args...)...) //nolint:gosec,noctx // it also runs in cleanup
	cmd.Dir = o.home
	cmd.Env = []string{
		"HOME=" + o.home, "USER=" + o.name, "BERTH_HOME=" + filepath.Join(o.home, "b"), "PATH=" + o.home + ":/usr/bin:/bin:/usr/sbin:/sbin",
		"TMPDIR=/tmp", "DOCKER_CONFIG=" + filepath.Join(o.home, "b", "docker"),
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &o.ids}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
