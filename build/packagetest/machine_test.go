//go:build packages

package packagetest

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// root is a Debian that runs as if on a machine of its own: with processes, mounts, network and control groups that
// nobody else has and that end with it. An engine in it touches nothing of this machine's.
type root struct {
	dir string
	pid int // of its first process
}

// onHost makes a control group in every hierarchy and goes there, $2 its name, so that the machine's own ones lie below.
const onHost = `
while read -r _ dir kind _; do
	case "$kind" in cgroup | cgroup2) ;; *) continue ;; esac
	mkdir "$dir/$2"
	if [ "$kind" = cgroup ] && [ -e "$dir/$2/cpuset.cpus" ]; then # nobody can go where there is no processor
		cat "$dir/cpuset.cpus" >"$dir/$2/cpuset.cpus"
		cat "$dir/cpuset.mems" >"$dir/$2/cpuset.mems"
		echo 1 >"$dir/$2/cgroup.clone_children"
	fi
	echo $$ >"$dir/$2/cgroup.procs"
done </proc/mounts
exec unshare --mount --pid --ipc --net --uts --cgroup --fork --kill-child bash -euc "$3" - "$1" "$2"`

// inside is the first process: it mounts what a machine has, and turns its back on this one's files: not by chroot alone,
// because docker unpacks images only where the root is a mount. All processes go to a leaf of the control groups, since
// no other group may both hold some and be divided.
const inside = `
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mount -t sysfs sys "$1/sys"
for dir in tmp run; do mount -t tmpfs "$dir" "$1/$dir"; done
mount --rbind /dev "$1/dev"
grep -q '^[^ ]* [^ ]* cgroup ' /proc/mounts && mount -t tmpfs cgroup "$1/sys/fs/cgroup"
while read -r _ dir kind _; do
	case "$kind" in cgroup | cgroup2) ;; *) continue ;; esac
	case "$dir" in "$1"/*) continue ;; esac
	mkdir -p "$1$dir"
	mount --bind "$dir/$2" "$1$dir"
	mkdir "$1$dir/init"
	echo 0 >"$1$dir/init/cgroup.procs"
done < <(cat /proc/mounts)
ip link set lo up
cd "$1"
pivot_root . mnt
exec chroot . /bin/bash -euc "umount --lazy /mnt; echo up; exec /usr/bin/tini -- sleep infinity"`

// boot brings the machine up; it goes down when the test ends.
func (r *root) boot(t *testing.T) {
	t.Helper()
	group := "berth-" + filepath.Base(r.dir)
	t.Cleanup(func() {
		must(t, exec.Command("bash", "-euc", `while read -r _ dir kind _; do
			case "$kind" in cgroup | cgroup2) [ ! -e "$dir/$1" ] || find "$dir/$1" -depth -type d -exec rmdir {} \; ;; esac
		done </proc/mounts`, "-", group))
	})
	cmd := exec.Command("bash", "-euc", onHost, "-", r.dir, group, inside)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The kernel ends the others with the first process, and only then that one.
		if first, err := os.FindProcess(r.pid); err == nil && r.pid != 0 {
			_ = first.Kill()
		}
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "up\n" {
		_ = cmd.Wait()
		t.Fatalf("the machine does not come up: %v\n%s", err, stderr.String())
	}
	children, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(cmd.Process.Pid), "task", strconv.Itoa(cmd.Process.Pid), "children"))
	if err != nil {
		t.Fatal(err)
	}
	if r.pid, err = strconv.Atoi(strings.TrimSpace(string(children))); err != nil {
		t.Fatalf("the machine's first process: %v", err)
	}
}

// enter prepares a command of the machine's.
func (r *root) enter(script string) *exec.Cmd {
	const prelude = `for leaf in /sys/fs/cgroup/init /sys/fs/cgroup/*/init; do [ ! -e "$leaf" ] || echo 0 >"$leaf/cgroup.procs"; done
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root DEBIAN_FRONTEND=noninteractive bash -euc "$1"`
	return exec.Command("nsenter", "--target", strconv.Itoa(r.pid), "--mount", "--pid", "--ipc", "--net", "--uts", "--cgroup",
		"/bin/bash", "-euc", prelude, "-", script)
}
