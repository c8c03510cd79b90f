//go:build unix

package host

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// ownerOf names the user and the group that a socket belongs to.
func ownerOf(path string) (owner, group string, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return "", "", false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", "", false
	}
	owner, group = strconv.Itoa(int(stat.Uid)), strconv.Itoa(int(stat.Gid))
	if u, err := user.LookupId(owner); err == nil {
		owner = u.Username
	}
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return owner, group, true
}
