//go:build unix

package client

import (
	"os/exec"
	"syscall"
)

// detach keeps what ends our terminal from ending cmd.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
