package lima

import (
	"context"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/windows"
)

func commandLine(pid int) []string {
	ctx, cancel := context.WithTimeout(context.Background(), sshPatience)
	defer cancel()
	query := "(Get-CimInstance Win32_Process -Filter 'ProcessId=" + strconv.Itoa(pid) + "').CommandLine"
	out, err := exec.CommandContext(ctx, "powershell.exe", "-NoProfile", "-NonInteractive", "-Command", query).Output()
	if err != nil {
		return nil
	}
	words, err := windows.DecomposeCommandLine(strings.TrimSpace(string(out)))
	if err != nil {
		return nil
	}
	return words
}

// commandLines are not asked for: the guest is no process here, and the question takes a second.
func commandLines() map[int][]string { return nil }

func kill(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return nil //nolint:nilerr // there is none: it has ended
	}
	return p.Kill()
}

// interrupt reaches the host agent alone: it leads a console group of its own.
func interrupt(pid int) error {
	return windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, uint32(pid))
}

// apart keeps what happens to the daemon's console from the machine.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP}
}

// free is not asked here: NTFS gives quotas that would need another question.
func free(string) (int64, error) { return math.MaxInt64, nil }
