package diagnostics

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// longestSocket is the longest name that an engine makes below its run folder, and maxSocket what the shortest of our
// systems allows for a whole path.
const (
	longestSocket = "/exec/libnetwork/0123456789ab.sock"
	maxSocket     = 107
	maxSocketMac  = 103
)

// lookAtFolders checks that our folders are ours, closed to others, and can be written.
func lookAtFolders(_ context.Context, s *subject) []Finding {
	var found []Finding
	for _, dir := range []string{s.Paths.State, s.Paths.Data, s.Paths.Runtime} {
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if parent := writableParent(dir); parent != "" {
				found = append(found, problem("sudo chown \"$USER\" "+quote(parent), "%s does not exist and cannot be made: %s is not writable.", dir, parent))
			}
			continue
		case err != nil:
			found = append(found, problem("", "%s cannot be read: %v", dir, err))
			continue
		case !info.IsDir():
			found = append(found, problem("mv "+quote(dir)+" "+quote(dir+".old"), "%s should be a folder and is not.", dir))
			continue
		}
		if f := access(dir, info, 0o077); f.Level != OK {
			found = append(found, f)
		}
		if err := writable(dir); err != nil {
			found = append(found, problem("sudo chown -R \"$USER\" "+quote(dir), "%s cannot be written: %v", dir, err))
		}
	}
	if len(found) == 0 {
		found = append(found, ok("The folders of state, data and sockets are this user's alone, and writable."))
	}
	return found
}

// writableParent gives the nearest folder above dir that is there if it cannot be written, else nothing.
func writableParent(dir string) string {
	for parent := filepath.Dir(dir); parent != filepath.Dir(parent); parent = filepath.Dir(parent) {
		if _, err := os.Stat(parent); err == nil {
			if writable(parent) != nil {
				return parent
			}
			return ""
		}
	}
	return ""
}

// lookAtSockets checks who can open our sockets, and whether their paths are short enough.
func lookAtSockets(_ context.Context, s *subject) []Finding {
	var found []Finding
	for _, socket := range []string{s.Paths.APISocket(), s.Paths.EngineSocket()} {
		info, err := os.Lstat(socket)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			found = append(found, problem("", "%s cannot be read: %v", socket, err))
		case info.Mode().Type() != fs.ModeSocket && runtime.GOOS != "windows":
			found = append(found, problem("rm -r "+quote(socket), "%s is in the way: it is not a socket.", socket))
		default:
			if f := access(socket, info, 0o077); f.Level != OK {
				found = append(found, f)
			}
		}
	}
	limit := maxSocket
	if runtime.GOOS == "darwin" {
		limit = maxSocketMac
	}
	if over := len(s.Paths.EngineRun()) + len(longestSocket) - limit; over > 0 {
		found = append(found, problem("export BERTH_HOME=\"$HOME/.berth\"", "The path %s is %d bytes too long for the engine's sockets.", s.Paths.EngineRun(), over))
	}
	if len(found) == 0 {
		found = append(found, ok("The sockets are this user's alone, and their paths are short enough."))
	}
	return found
}

// lookAtLeftovers finds what a daemon that was killed has left.
func lookAtLeftovers(ctx context.Context, s *subject) []Finding {
	if s.daemon != daemonDown {
		return nil // what is there is in use
	}
	var found []Finding
	for _, socket := range []string{s.Paths.APISocket(), s.Paths.EngineSocket()} {
		if abandoned(ctx, socket) {
			found = append(found, warning("berth start", "Nobody listens at %s any more. The next start clears that up.", socket))
		}
	}
	if pids := enginesOf(s.Paths.EngineRun()); len(pids) > 0 {
		found = append(found, warning("berth stop", "An engine of Berth's runs without its daemon (process %s). `berth start` takes it over, `berth stop` ends it.", join(pids)))
	} else if file := filepath.Join(s.Paths.EngineRun(), "docker.pid"); exists(file) {
		found = append(found, warning("berth start", "%s names an engine that is gone. The next start clears that up.", file))
	}
	if pid := holder(s.Paths.Lock()); pid != "" {
		found = append(found, warning("berth start", "The daemon (process %s) did not end in order, or is about to start or end. Its log: %s", pid, s.Paths.DaemonLog()))
	}
	if len(found) == 0 {
		found = append(found, ok("Nothing is left over from an earlier Berth."))
	}
	return found
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

func abandoned(ctx context.Context, socket string) bool {
	if !exists(socket) {
		return false
	}
	c, err := new(net.Dialer).DialContext(ctx, "unix", socket)
	if err == nil {
		_ = c.Close() // it told what we wanted to know
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

func join(pids []int) string {
	words := make([]string, len(pids))
	for i, p := range pids {
		words[i] = strconv.Itoa(p)
	}
	return strings.Join(words, ", ")
}

const (
	gib       = 1 << 30
	fewBytes  = gib
	someBytes = 5 * gib
)

// lookAtDisks looks for space and inodes where we write. One disk is told of once.
func lookAtDisks(_ context.Context, s *subject) []Finding {
	var found []Finding
	seen := map[space]bool{}
	for _, dir := range []string{s.Paths.Data, s.Paths.State, s.Paths.Runtime} {
		for !exists(dir) && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
		}
		sp, err := spaceOf(dir)
		if err != nil {
			found = append(found, warning("", "The disk of %s does not tell its size: %v", dir, err))
			continue
		}
		if !seen[sp] {
			seen[sp] = true
			found = append(found, sp.judge(dir))
		}
	}
	return found
}

// Disk judges the room on the disk of a folder.
func Disk(dir string) Finding {
	sp, err := spaceOf(dir)
	if err != nil {
		return ok("The disk of %s cannot be looked at: %v", dir, err)
	}
	return sp.judge(dir)
}

// space is what a disk has.
type space struct {
	bytes, freeBytes   uint64
	inodes, freeInodes uint64 // zero where there is no such limit
}

func (sp space) judge(dir string) Finding {
	const mend = "docker --context berth system df"
	part := func(free, all uint64) float64 { return 100 * float64(free) / float64(max(all, 1)) }
	has := fmt.Sprintf("The disk of %s has %.1f of %.1f GiB free", dir, float64(sp.freeBytes)/gib, float64(sp.bytes)/gib)
	switch {
	case sp.freeBytes < min(fewBytes, sp.bytes/50):
		return problem(mend, "%s: images and containers will fail. Free some; the command shows what the engine uses.", has)
	case sp.inodes > 0 && part(sp.freeInodes, sp.inodes) < 1:
		return problem("df -i "+quote(dir), "The disk of %s has room for only %d more files. Remove what has many.", dir, sp.freeInodes)
	case sp.freeBytes < min(someBytes, sp.bytes/10):
		return warning(mend, "%s, which is not much for images. The command shows what the engine uses.", has)
	case sp.inodes > 0 && part(sp.freeInodes, sp.inodes) < 10:
		return warning("df -i "+quote(dir), "The disk of %s has room for only %d more files.", dir, sp.freeInodes)
	default:
		return ok("%s.", has)
	}
}
