package apiserver

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"syscall"
)

// dialAs connects with another effective user: the kernel notes the one of the thread that connects.
func dialAs(ctx context.Context, uid int, path string) (net.Conn, error) {
	runtime.LockOSThread()
	const keep = ^uintptr(0)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keep, uintptr(uid), keep); errno != 0 {
		return nil, fmt.Errorf("become user %d: %w", uid, errno) // the thread is not given back
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keep, uintptr(syscall.Getuid()), keep); errno != 0 {
		return nil, fmt.Errorf("become oneself again: %w", errno)
	}
	runtime.UnlockOSThread()
	return conn, err
}
