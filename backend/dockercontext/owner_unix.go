//go:build unix

package dockercontext

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives f the owner that the file before it had: root may edit a user's.
func keepOwner(f *os.File, before fs.FileInfo) error {
	if before == nil || os.Getuid() != 0 {
		return nil
	}
	st, ok := before.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	return f.Chown(int(st.Uid), int(st.Gid))
}
