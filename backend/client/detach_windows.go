package client

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// Detach keeps what ends our console from ending cmd.
func Detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
