//go:build unix

package client

import (
	"os/exec"
	"syscall"
)

// Detach keeps what ends our terminal from ending cmd.
func Detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
