package client

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach keeps what ends our console from ending cmd.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}
