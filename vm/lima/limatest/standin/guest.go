//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// cgroupOf is the control group of an instance's guest, seen from the host; empty if there is no second version here.
func cgroupOf(instance string) string {
	for _, at := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if isCgroup2(at) {
			return filepath.Join(at, "standin-"+strconv.Itoa(os.Getpid())+"-"+filepath.Base(instance))
		}
	}
	return ""
}

func isCgroup2(at string) bool {
	var s unix.Statfs_t
	return unix.Statfs(at, &s) == nil && s.Type == unix.CGROUP2_SUPER_MAGIC
}

// guard ends the guest when the pipe closes that the stand-in holds.
func guard(args []string) int {
	pid, err := strconv.Atoi(args[0])
	if err != nil {
		return 2
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return 1
	}
	_ = os.NewFile(4, "told").Close()
	_, _ = io.ReadAll(os.NewFile(3, "stand-in"))
	err = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // the first of a pid namespace takes all others with it
	if err != nil && !errors.Is(err, unix.ESRCH) {
		log.Printf("end the guest: %v", err)
	}
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 5000)
	if len(args) > 1 && args[1] != "" {
		clearCgroup(args[1])
	}
	return 0
}

// clearCgroup ends what may be left in a control group, and removes it with those below.
func clearCgroup(top string) {
	if err := os.WriteFile(filepath.Join(top, "cgroup.kill"), []byte("1"), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Printf("end what is left of the guest: %v", err)
	}
	var all []string
	_ = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			all = append(all, path)
		}
		return nil
	})
	for _, dir := range slices.Backward(all) {
		_ = os.Remove(dir) // one with a process that is not reaped yet stays, and is empty
	}
}

// guest becomes the guest's init, in namespaces of its own.
func guest(instance, disks string) int {
	runtime.LockOSThread()                   // namespaces are a thread's, and this one becomes the guest
	_, _ = io.ReadAll(os.NewFile(3, "hold")) // until it is guarded
	g := guestRoot{dir: filepath.Join(instance, "standin"), instance: instance}
	g.root = filepath.Join(g.dir, "merged")
	for _, step := range []func() error{g.mount, g.devices, g.control, func() error { return g.seed(disks) }, g.enter} {
		if err := step(); err != nil {
			log.Printf("stand-in's guest: %v", err)
			return 1
		}
	}
	return 0 // never: enter becomes systemd
}

type guestRoot struct{ dir, instance, root string }

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s: %w", target, err)
	}
	return nil
}

func (g guestRoot) mount() error {
	for _, d := range []string{"upper", "work", "merged"} {
		if err := os.MkdirAll(filepath.Join(g.dir, d), 0o755); err != nil {
			return err
		}
	}
	layers := "lowerdir=" + os.Getenv(envTree) + ",upperdir=" + g.dir + "/upper,workdir=" + g.dir + "/work"
	return errors.Join(
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		mount("overlay", g.root, "overlay", 0, layers),
		mount("proc", g.root+"/proc", "proc", 0, ""),
		mount("sysfs", g.root+"/sys", "sysfs", 0, ""),
		mount("tmpfs", g.root+"/dev", "tmpfs", 0, "mode=755"),
		mount("tmpfs", g.root+"/run", "tmpfs", 0, "mode=755"),
		mount("tmpfs", g.root+"/dev/shm", "tmpfs", 0, "mode=1777"),
		mount("devpts", g.root+"/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620,gid=5"),
	)
}

func (g guestRoot) devices() error {
	dev := g.root + "/dev/"
	errs := []error{
		os.Symlink("pts/ptmx", dev+"ptmx"), os.Symlink("/proc/self/fd", dev+"fd"), os.Symlink("/proc/self/fd/0", dev+"stdin"),
		os.Symlink("/proc/self/fd/1", dev+"stdout"), os.Symlink("/proc/self/fd/2", dev+"stderr"),
	}
	for name, n := range map[string][2]uint32{"null": {1, 3}, "zero": {1, 5}, "full": {1, 7}, "random": {1, 8}, "urandom": {1, 9}, "tty": {5, 0}} {
		errs = append(errs, unix.Mknod(dev+name, unix.S_IFCHR|0o666, int(unix.Mkdev(n[0], n[1]))), os.Chmod(dev+name, 0o666))
	}
	return errors.Join(errs...)
}

// control gives the guest a control group that it takes for the root.
func (g guestRoot) control() error {
	at := "/sys/fs/cgroup"
	if !isCgroup2(at) {
		at = filepath.Join(g.dir, "cgroup2")
		if err := mount("none", at, "cgroup2", 0, ""); err != nil {
			return err
		}
	}
	// The name is the guard's. In here the stand-in's number is not known: it is our parent's, which is outside.
	group := filepath.Join(at, "standin-"+parentOutside()+"-"+filepath.Base(g.instance))
	if err := os.MkdirAll(group, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("1\n"), 0o600); err != nil {
		return err
	}
	return errors.Join(unix.Unshare(unix.CLONE_NEWCGROUP), mount("cgroup2", g.root+"/sys/fs/cgroup", "cgroup2", 0, ""))
}

// parentOutside reads the stand-in's number from the host's /proc, which is still mounted where it was.
func parentOutside() string {
	self, err := os.Readlink("/proc/self")
	if err != nil {
		return "0"
	}
	text, err := os.ReadFile("/proc/" + self + "/status")
	if err != nil {
		return "0"
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "PPid:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "0"
}

// shim replaces programs that want disks: what they would make is there already.
const shim = `#!/bin/sh
case "$*" in
*/dev/disk/by-label/cidata*) exec /bin/mount --bind /mnt/.cidata /mnt/lima-cidata ;;
*/dev/vd?1*) d=${*##*/dev/}; exec /bin/mount --bind "/mnt/.disks/${d%%1 *}" "${*##* }" ;;
esac
exec /bin/mount "$@"
`

func (g guestRoot) seed(disks string) error {
	errs := []error{mount(g.dir+"/cidata", g.root+"/mnt/.cidata", "", unix.MS_BIND, "")}
	for d := range strings.SplitSeq(disks, ",") {
		if device, folder, ok := strings.Cut(d, "="); ok && os.Getenv(envFault) != faultBare {
			errs = append(errs, os.MkdirAll(folder, 0o755), mount(folder, g.root+"/mnt/.disks/"+device, "", unix.MS_BIND, ""))
		}
	}
	write := func(path, text string, mode os.FileMode) {
		path = g.root + path
		errs = append(errs, os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode))
	}
	for _, name := range []string{"user-data", "meta-data"} {
		text, err := os.ReadFile(g.dir + "/cidata/" + name)
		errs = append(errs, err)
		write("/var/lib/cloud/seed/nocloud/"+name, string(text), 0o644)
	}
	write("/etc/cloud/cloud.cfg.d/99_standin.cfg", "network: {config: disabled}\n", 0o644)
	write("/etc/fstab", "", 0o644)
	write("/usr/local/sbin/mount", shim, 0o755)
	// It is told what to do through a pipe: left unread, whoever writes fails now and then, and with it Lima's script.
	write("/usr/local/sbin/sfdisk", "#!/bin/sh\nexec cat >/dev/null\n", 0o755)
	for _, name := range []string{"mkfs.ext4", "growpart", "resize2fs", "fsck.ext4"} {
		write("/usr/local/sbin/"+name, "#!/bin/sh\nexit 0\n", 0o755)
	}
	if os.Getenv(envFault) == faultLate {
		const late = "[Service]\nExecStart=\nExecStart=/bin/sh -c 'sleep 70; exec /usr/local/bin/lima-guestagent daemon'\n"
		write("/etc/systemd/system/lima-guestagent.service.d/late.conf", late, 0o644)
	}
	id, err := os.ReadFile("/proc/sys/kernel/random/uuid")
	write("/etc/machine-id", strings.ReplaceAll(string(id), "-", ""), 0o444)
	up := exec.Command("/bin/sh", "-c", "ip link set lo up") //nolint:noctx // short
	return errors.Join(append(errs, err, up.Run(), unix.Sethostname([]byte("lima-"+filepath.Base(g.instance))))...)
}

func (g guestRoot) enter() error {
	for _, step := range []func() error{
		func() error { return os.Chdir(g.root) },
		func() error { return unix.PivotRoot(".", ".") },
		func() error { return unix.Unmount(".", unix.MNT_DETACH) },
		func() error { return os.Chdir("/") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	args := []string{"systemd", "--unit=multi-user.target", "--log-target=console", "--show-status=true"}
	return syscall.Exec("/lib/systemd/systemd", args, append(os.Environ(), "SYSTEMD_LOG_COLOR=0"))
}
