package host

import "syscall"

// ownGroup keeps Ctrl-C at our terminal from the programs that we run.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP, HideWindow: true}
}
