package native

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/berth-desktop/berth/vm"
)

// takeDown ends all that runs with our folders and takes away what it had in the system: containers, mounts, links,
// firewall chains, sockets. With nothing there it does nothing. The end of ctx only ends its patience.
func (d *Driver) takeDown(ctx context.Context, grace time.Duration) error {
	errs := []error{d.endPrograms(ctx, grace), d.layout.endShims()}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	if os.Getuid() == 0 {
		errs = append(errs, d.layout.unmountAll())
		if err := d.plumbing().remove(ctx); err != nil {
			d.log.Warn("Something of the engine's network is left", "err", err) // the next start uses it again
		}
	}
	if info, err := os.Lstat(d.layout.socket); err == nil && info.Mode().Type() == fs.ModeSocket && deserted(ctx, d.layout.socket) {
		errs = append(errs, os.Remove(d.layout.socket))
	}
	return errors.Join(errs...)
}

// endPrograms ends dockerd, which ends its containers in its grace, and then containerd.
func (d *Driver) endPrograms(ctx context.Context, grace time.Duration) error {
	r, err := d.layout.residents()
	if err != nil {
		return err
	}
	return errors.Join(
		endAll(ctx, r.dockerd, d.layout.isDockerd, grace),
		endAll(ctx, r.keepers, d.layout.isKeeper, min(grace, endGrace)), // mostly they have gone with it
		endAll(ctx, r.containerd, d.layout.isContainerd, min(grace, endGrace)))
}

// clearSockets removes what dead programs left in our folders, and refuses if somebody else listens there: dockerd
// would take the socket from them without a word.
func (d *Driver) clearSockets(ctx context.Context) error {
	if !deserted(ctx, d.layout.socket) {
		if err := ctx.Err(); err != nil {
			return err
		}
		return &vm.Failure{
			Message: "Another program answers at " + d.layout.socket,
			Hint:    "End that program, or set BERTH_INSTANCE to another name",
		}
	}
	stale := []string{
		d.layout.socket, d.layout.containerdSocket(), d.layout.containerdSocket() + ".ttrpc", d.layout.pidFile(),
		// A dockerd that keeps its own containerd waits in vain for one whose pid is somebody's by now, be it a zombie's.
		d.layout.ownContainerdPid(),
	}
	for _, path := range stale {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return folderFailure(path, err)
		}
	}
	return nil
}

// deserted says whether nobody listens at a socket. A program that was killed is gone from /proc a moment before its
// sockets are closed, so one that listens is looked at for a while.
func deserted(ctx context.Context, socket string) bool {
	ctx, cancel := context.WithTimeout(ctx, dyingPatience)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var dialer net.Dialer
	for {
		c, err := dialer.DialContext(ctx, "unix", socket)
		switch {
		case err == nil:
			_ = c.Close() // it has told us what we wanted
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

// Delete removes the engine's data. It refuses while the engine runs.
func (d *Driver) Delete(ctx context.Context) error {
	return d.change(ctx, func() error {
		r, err := d.layout.residents()
		if err != nil {
			return err
		}
		if len(r.dockerd) > 0 {
			return &vm.Failure{Message: "Docker is still running, so its data cannot be deleted", Hint: "Stop it first: berth stop"}
		}
		if d.engine != nil {
			d.release()
		}
		if err := d.takeDown(ctx, endGrace); err != nil {
			return fmt.Errorf("delete the engine's data: %w", err)
		}
		for _, dir := range []string{d.layout.data, d.layout.run} {
			if err := removeTree(dir); err != nil {
				return fmt.Errorf("delete the engine's data: %w", err)
			}
		}
		return d.look(ctx)
	})
}

// removeTree removes a folder. Links in it are removed, not followed; mounts in it lead to other people's files, so
// with one left nothing is removed.
func removeTree(dir string) error {
	left, err := mountsAt(dir)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("%s is still mounted", left[0])
	}
	err = os.RemoveAll(dir)
	if errors.Is(err, fs.ErrPermission) && os.Getuid() != 0 {
		return removeForeign(dir)
	}
	return err
}

// unmountAll releases what a killed engine had mounted in our folders: roots of containers, their memory, network
// namespaces. The innermost goes first.
func (l layout) unmountAll() error {
	var errs []error
	for _, dir := range []string{l.data, l.run} {
		mounts, err := mountsAt(dir)
		errs = append(errs, err)
		for _, m := range slices.Backward(mounts) {
			err := unix.Unmount(m, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
			if err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOENT) { // those: it has gone by itself
				errs = append(errs, fmt.Errorf("unmount %s: %w", m, err))
			}
		}
	}
	return errors.Join(errs...)
}

// mountsAt lists the mount points below dir, outermost first.
func mountsAt(dir string) ([]string, error) {
	real, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	defer f.Close()
	var at []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20) // an overlay names all of its layers
	for s.Scan() {
		if fields := strings.Fields(s.Text()); len(fields) > 4 {
			if point := unescape(fields[4]); strings.HasPrefix(point, real+"/") {
				at = append(at, point)
			}
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("list mounts: %w", err)
	}
	slices.SortStableFunc(at, func(a, b string) int { return strings.Count(a, "/") - strings.Count(b, "/") })
	return at, nil
}

// unescape undoes what mountinfo does to spaces and the like.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}
