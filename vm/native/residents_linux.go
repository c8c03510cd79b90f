package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// residents are the processes that run with the folders of this engine, whoever started them.
type residents struct {
	dockerd    []int
	containerd []int
	shims      []int
	keepers    []int // of a dockerd without root
}

func (r residents) none() bool {
	return len(r.dockerd)+len(r.containerd)+len(r.shims)+len(r.keepers) == 0
}

// residents looks for them among all processes: a pid file may be stale, and one that was not written yet names none.
func (l layout) residents() (residents, error) {
	var r residents
	pids, err := allPids()
	if err != nil {
		return r, err
	}
	for _, pid := range pids {
		switch {
		case l.isDockerd(pid):
			r.dockerd = append(r.dockerd, pid)
		case l.isContainerd(pid):
			r.containerd = append(r.containerd, pid)
		case l.isShim(pid):
			r.shims = append(r.shims, pid)
		case l.isKeeper(pid):
			r.keepers = append(r.keepers, pid)
		}
	}
	return r, nil
}

func (l layout) isDockerd(pid int) bool {
	args := commandLine(pid)
	return len(args) > 1 && slices.Contains(args, "--pidfile="+l.pidFile()) && filepath.Base(args[0]) == "dockerd"
}

// isContainerd knows ours, and the one that a dockerd without root starts for itself.
func (l layout) isContainerd(pid int) bool {
	args := commandLine(pid)
	if slices.Contains(args, "--config="+l.containerdConfig()) {
		return true
	}
	i := slices.Index(args, "--config")
	return i >= 0 && i+1 < len(args) && strings.HasPrefix(args[i+1], l.execRoot()+"/") && filepath.Base(args[0]) == "containerd"
}

// isShim knows the keepers of our containers. Each holds the address of the containerd that it reports to.
func (l layout) isShim(pid int) bool {
	args := commandLine(pid)
	if len(args) == 0 || !strings.HasPrefix(filepath.Base(args[0]), "containerd-shim") {
		return false
	}
	i := slices.Index(args, "-address")
	return i >= 0 && i+1 < len(args) && strings.HasPrefix(args[i+1], l.run+"/")
}

// commandLine reads the arguments of a process of our own user; it is empty for any other, and for a zombie.
func commandLine(pid int) []string {
	dir := "/proc/" + strconv.Itoa(pid)
	info, err := os.Stat(dir)
	if err != nil {
		return nil
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Getuid() {
		return nil
	}
	b, err := os.ReadFile(dir + "/cmdline")
	if err != nil || len(b) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimSuffix(b, []byte{0})), "\x00")
}

func allPids() ([]int, error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	var pids []int
	for _, n := range names {
		if pid, err := strconv.Atoi(n); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// parentOf reads a process's parent; 0 if it is gone. The name in stat may hold any character, so it is skipped from
// its last parenthesis.
func parentOf(pid int) int {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	ppid, _ := strconv.Atoi(fields[1]) // what is no number is no parent
	return ppid
}

// endAll ends the given processes, each after it was verified through a handle that cannot change its meaning.
func endAll(ctx context.Context, pids []int, meant func(int) bool, grace time.Duration) error {
	var errs []error
	for _, pid := range pids {
		p, err := hold(pid, meant)
		if err == nil && p != nil {
			err = p.end(ctx, grace)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// endShims ends the containers that a dead engine left behind: all that descends from a shim, then the shim itself.
// A shim adopts the orphans of its container, so nothing of the container escapes the walk.
func (l layout) endShims() error {
	deadline := time.Now().Add(killPatience)
	for {
		r, err := l.residents()
		if err != nil || len(r.shims) == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d containers of a dead engine do not end", len(r.shims))
		}
		pids, err := allPids()
		if err != nil {
			return err
		}
		keeper := func(pid int) bool { return slices.Contains(r.shims, pid) && l.isShim(pid) }
		inside := func(pid int) bool { return descends(pid, keeper) }
		var errs []error
		for _, pid := range slices.DeleteFunc(pids, func(pid int) bool { return !inside(pid) }) {
			errs = append(errs, killVerified(pid, inside))
		}
		for _, pid := range r.shims {
			errs = append(errs, killVerified(pid, l.isShim))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
}

func killVerified(pid int, meant func(int) bool) error {
	p, err := hold(pid, meant)
	if err != nil || p == nil {
		return err
	}
	return p.kill()
}

// descends follows the parents of pid up to one that keeper knows.
func descends(pid int, keeper func(int) bool) bool {
	for range 64 {
		if pid = parentOf(pid); pid <= 1 {
			return false
		}
		if keeper(pid) {
			return true
		}
	}
	return false
}
