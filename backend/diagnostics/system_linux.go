package diagnostics

import (
	"bufio"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

func systemChecks() []check {
	return []check{
		{"rootless", lookAtRootless},
		{"kvm", lookAtKVM},
		{"cgroups", lookAtCgroups},
		{"network", lookAtNetwork},
	}
}

const tun = "/dev/net/tun"

// lookAtRootless checks what an engine of a user who is not root needs. vm/native looks at the same before it starts one;
// faces use this package, and may know no machine.
func lookAtRootless(_ context.Context, s *subject) []Finding {
	if os.Getuid() == 0 {
		return []Finding{ok("Berth runs as root, so the engine needs no user namespaces.")}
	}
	judge := warning // another provider may do without
	if s.provider() == "native" {
		judge = problem
	}
	var found []Finding
	for _, p := range []struct{ name, from string }{
		{"newuidmap", "uidmap"},
		{"newgidmap", "uidmap"},
		{"rootlesskit", "rootlesskit"},
		{"slirp4netns", "slirp4netns"},
		{"dockerd-rootless.sh", "docker.io"},
	} {
		if installed(p.name) == "" {
			found = append(found, judge("sudo apt install "+p.from, "%s is missing; an engine without root needs it.", p.name))
		}
	}
	name := "$USER"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	for _, file := range []string{"/etc/subuid", "/etc/subgid"} {
		if !hasRange(file, name, strconv.Itoa(os.Getuid())) {
			found = append(found, judge("sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "+quote(name), "%s gives this user no range of 65536 ids; an engine without root needs one.", file))
		}
	}
	if read("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
		found = append(found, judge("sudo sysctl -w kernel.unprivileged_userns_clone=1", "The kernel refuses user namespaces to ordinary users."))
	}
	if read("/proc/sys/user/max_user_namespaces") == "0" {
		found = append(found, judge("sudo sysctl -w user.max_user_namespaces=28633", "The kernel allows no user namespaces."))
	}
	switch err := unix.Access(tun, unix.R_OK|unix.W_OK); {
	case errors.Is(err, fs.ErrNotExist):
		found = append(found, judge("sudo modprobe tun", "There is no %s, through which the containers of an engine without root reach the network.", tun))
	case err != nil:
		found = append(found, judge("sudo chmod 666 "+tun, "This user may not use %s, through which the containers of an engine without root reach the network.", tun))
	}
	if len(found) == 0 {
		found = append(found, ok("All is there for an engine without root."))
	}
	return found
}

// hasRange says whether a file of subordinate ids gives the user enough of them.
func hasRange(file, name, uid string) bool {
	f, err := os.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Split(s.Text(), ":")
		if len(fields) != 3 || fields[0] != name && fields[0] != uid {
			continue
		}
		if n, err := strconv.Atoi(fields[2]); err == nil && n >= 65536 {
			return true
		}
	}
	return false
}

func lookAtKVM(_ context.Context, s *subject) []Finding {
	judge := func(_, format string, args ...any) Finding { return ok(format, args...) } // only a virtual machine needs it
	if s.provider() == "lima" {
		judge = warning // it does without, slowly
	}
	f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
	switch {
	case err == nil:
		return []Finding{withClose(f)}
	case errors.Is(err, fs.ErrNotExist):
		return []Finding{judge("sudo modprobe kvm", "There is no /dev/kvm: virtual machines would be very slow. Allow virtualisation in the firmware, or nested virtualisation where this machine is itself virtual.")}
	case errors.Is(err, fs.ErrPermission):
		return []Finding{judge(`sudo usermod -aG kvm "$USER"`, "This user may not use /dev/kvm: virtual machines would be very slow. Log in again after joining its group.")}
	default:
		return []Finding{judge("", "/dev/kvm cannot be opened: %v", err)}
	}
}

func withClose(f *os.File) Finding {
	_ = f.Close() // nothing was written
	return ok("/dev/kvm can be used.")
}

func lookAtCgroups(context.Context, *subject) []Finding {
	const root = "/sys/fs/cgroup"
	controllers := read(filepath.Join(root, "cgroup.controllers"))
	switch {
	case controllers != "" || exists(filepath.Join(root, "cgroup.controllers")):
		return []Finding{ok("cgroup version 2 (%s).", controllers)}
	case exists(filepath.Join(root, "memory")) || exists(filepath.Join(root, "cpu")):
		if os.Getuid() != 0 {
			return []Finding{warning("", "cgroup version 1: an engine without root cannot limit memory and CPU. Boot with systemd.unified_cgroup_hierarchy=1.")}
		}
		return []Finding{ok("cgroup version 1.")}
	default:
		return []Finding{warning("sudo mount -t cgroup2 none "+root, "No cgroups are mounted at %s: an engine on this machine cannot limit containers.", root)}
	}
}

func lookAtNetwork(_ context.Context, s *subject) []Finding {
	var found []Finding
	native := s.provider() == "native" && os.Getuid() == 0
	if installed("iptables") == "" {
		if native {
			found = append(found, problem("sudo apt install iptables", "iptables is missing; the engine needs it to connect containers."))
		} else {
			found = append(found, ok("iptables is not installed; an engine of Berth's own would need it."))
		}
	}
	if native && s.endpoint() != "" && read("/proc/sys/net/ipv4/ip_forward") == "0" {
		found = append(found, warning("sudo sysctl -w net.ipv4.ip_forward=1", "The kernel forwards no packets: containers cannot reach anything outside."))
	}
	if len(found) == 0 {
		found = append(found, ok("Packet filter and forwarding are as an engine needs them."))
	}
	return found
}

// read gives a small file's text, or nothing.
func read(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// enginesOf finds the processes of the engine that lives in run, by the pid file on their command lines.
func enginesOf(run string) []int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var pids []int
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		args := strings.Split(string(line), "\x00")
		for _, a := range args {
			if a == "--pidfile="+filepath.Join(run, "docker.pid") && filepath.Base(args[0]) == "dockerd" {
				if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(f))); err == nil {
					pids = append(pids, pid)
				}
				break
			}
		}
	}
	return pids
}
