//go:build unix

package diagnostics

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// access checks that a file is this user's, and that others have none of these rights.
func access(file string, info fs.FileInfo, closed fs.FileMode) Finding {
	if st, isStat := info.Sys().(*syscall.Stat_t); isStat && int(st.Uid) != os.Getuid() {
		return problem("sudo chown \"$USER\" "+quote(file), "%s belongs to user %d and not to this one (%d).", file, st.Uid, os.Getuid())
	}
	if open := info.Mode().Perm() & closed; open != 0 {
		return problem(fmt.Sprintf("chmod %o %s", info.Mode().Perm()&^closed, quote(file)), "%s is open to other users of this machine (mode %04o).", file, info.Mode().Perm())
	}
	return ok("")
}

func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

func spaceOf(dir string) (space, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return space{}, err
	}
	size := uint64(st.Bsize) //nolint:gosec,unconvert,nolintlint // signed on some systems, never negative
	return space{
		bytes: uint64(st.Blocks) * size, freeBytes: uint64(st.Bavail) * size, //nolint:unconvert,nolintlint // signed on some systems
		inodes: uint64(st.Files), freeInodes: uint64(st.Ffree), //nolint:unconvert,nolintlint // signed on some systems
	}, nil
}
