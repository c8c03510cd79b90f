package native

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/berth-desktop/berth/vm"
)

// enoughIDs is how many ids of their own the users in containers need.
const enoughIDs = 65536

// rootlessPackages are where Debian keeps what an engine without root needs.
func rootlessPackages() [][2]string {
	return [][2]string{
		{"dockerd-rootless.sh", "docker.io"},
		{"rootlesskit", "rootlesskit"},
		{"slirp4netns", "slirp4netns"},
		{"newuidmap", "uidmap"},
		{"iptables", "iptables"},
	}
}

func findRootless(t tools, find func(string) string) (tools, error) {
	t.rootless = find("dockerd-rootless.sh")
	var missing, packages []string
	for _, need := range rootlessPackages() {
		if find(need[0]) == "" {
			missing = append(missing, need[0])
			packages = append(packages, need[1])
		}
	}
	if len(missing) == 0 {
		return t, nil
	}
	return t, &vm.Failure{
		Message: "Without root, Docker needs " + strings.Join(missing, ", ") + ", which was not found",
		Hint:    "sudo apt install " + strings.Join(packages, " ") + "; or use a Docker that runs already: berth set containerEngine.provider=host",
	}
}

// account is whose engine it is to be, and what its start asks of the machine.
type account struct {
	name, uid string
	read      func(string) ([]byte, error)
	usable    func(device string) error
}

func thisAccount() account {
	a := account{uid: strconv.Itoa(os.Getuid()), read: os.ReadFile, usable: func(device string) error { return unix.Access(device, unix.R_OK|unix.W_OK) }}
	if u, err := user.Current(); err == nil {
		a.name = u.Username
	}
	return a
}

// check says what the machine does not grant this account, and the command that mends it.
func (a account) check() error {
	for _, number := range []struct{ file, name string }{
		{"/proc/sys/user/max_user_namespaces", "user.max_user_namespaces=28633"},
		{"/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone=1"},
	} {
		if text, err := a.read(number.file); err == nil && strings.TrimSpace(string(text)) == "0" {
			return &vm.Failure{
				Message: "This system lets only root make user namespaces, which Docker needs without root",
				Hint:    fmt.Sprintf("echo %s | sudo tee /etc/sysctl.d/99-rootless.conf && sudo sysctl --system", number.name),
			}
		}
	}
	if err := a.usable("/dev/net/tun"); err != nil {
		f := &vm.Failure{Message: "You may not use /dev/net/tun, through which containers reach the network without root", Hint: "sudo chmod 666 /dev/net/tun", Err: err}
		if errors.Is(err, fs.ErrNotExist) {
			f.Message, f.Hint = "There is no /dev/net/tun, through which containers reach the network without root", "sudo modprobe tun"
		}
		return f
	}
	return a.checkIDs()
}

// checkIDs looks for the ids that the users in containers get.
func (a account) checkIDs() error {
	if text, err := a.read("/etc/nsswitch.conf"); err == nil && strings.Contains(string(text), "\nsubid:") {
		return nil // they are kept in a place that we cannot look into
	}
	var add []string
	for _, kind := range []string{"uid", "gid"} {
		text, err := a.read("/etc/sub" + kind)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil // newuidmap may read what we may not
		}
		has, free := a.ranges(string(text))
		if !has {
			add = append(add, fmt.Sprintf("--add-sub%ss %d-%d", kind, free, free+enoughIDs-1))
		}
	}
	if len(add) == 0 {
		return nil
	}
	return &vm.Failure{
		Message: fmt.Sprintf("The users in containers need ids of their own, and %s has none in /etc/subuid or /etc/subgid", a.name),
		Hint:    fmt.Sprintf("sudo usermod %s %s", strings.Join(add, " "), a.name),
	}
}

// ranges reads lines such as "ann:100000:65536". It says whether the account has enough, and where nobody has any.
func (a account) ranges(text string) (has bool, free int) {
	free = 100000
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 3 {
			continue
		}
		first, err := strconv.Atoi(f[1])
		count, err2 := strconv.Atoi(f[2])
		if err != nil || err2 != nil {
			continue
		}
		if (f[0] == a.name || f[0] == a.uid) && count >= enoughIDs {
			has = true
		}
		free = max(free, first+count)
	}
	return has, free
}

// checkWords refuses folders that the rootless script would take apart: it does not quote its arguments.
func (l layout) checkWords() error {
	for _, path := range []string{l.socket, l.data, l.run} {
		if strings.ContainsAny(path, " \t\n*?[") {
			return &vm.Failure{
				Message: fmt.Sprintf("Without root, Docker cannot live in %s: its name has a space or a wildcard", quote(path)),
				Hint:    "Set BERTH_HOME to a folder without them",
			}
		}
	}
	return nil
}

// isKeeper knows what stands between us and a dockerd without root: rootlesskit, twice, and the script. They have
// dockerd's arguments on their command lines.
func (l layout) isKeeper(pid int) bool {
	args := commandLine(pid)
	return len(args) > 1 && slices.Contains(args, "--pidfile="+l.pidFile()) && filepath.Base(args[0]) != "dockerd"
}

// removeForeign removes a folder whose files belong to the users of containers. They are ours only where we are root,
// in a namespace of our own.
func removeForeign(dir string) error {
	out, err := exec.Command(installed("rootlesskit"), "rm", "-rf", dir).CombinedOutput() //nolint:noctx // it is over in a moment
	if err != nil {
		return fmt.Errorf("remove %s: %w: %s", dir, err, strings.TrimSpace(string(out)))
	}
	return nil
}
