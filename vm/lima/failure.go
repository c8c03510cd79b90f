package lima

import (
	"fmt"
	"strings"

	"github.com/berth-desktop/berth/vm"
)

// LogTail implements vm.Teller: what the guest said last.
func (d *Driver) LogTail() []string {
	return tail(d.layout.console(), logTailLines, func(l []byte) string { return plain(l) })
}

// agentTail is what the host agent complained of last.
func (d *Driver) agentTail() []string {
	return tail(d.layout.agentLog(), logTailLines, func(l []byte) string {
		if len(l) == 0 {
			return ""
		}
		switch s := parseSaid(l); s.Level {
		case "error", "fatal", "warning", "panic":
			return s.text()
		}
		return ""
	})
}

// failure explains what went wrong with the ends of both logs, the host agent's complaints first.
func (d *Driver) failure(message, hint string) *vm.Failure {
	agent, guest := d.agentTail(), d.LogTail()
	all := append(agent[max(0, len(agent)-logTailLines/2):], guest...)
	if n := len(agent); n > 0 && len(guest) > logTailLines-min(n, logTailLines/2) {
		all = append(agent[max(0, n-logTailLines/2):], guest[len(guest)-(logTailLines-min(n, logTailLines/2)):]...)
	}
	return &vm.Failure{Message: message, Hint: hint, LogTail: all}
}

// panicked is the line in which the guest's kernel gave up.
func panicked(line string) bool {
	return strings.Contains(line, "Kernel panic - not syncing") || strings.Contains(line, "end Kernel panic")
}

// isPowerOff is what the guest says when somebody in it switches it off.
func isPowerOff(line string) bool {
	return strings.Contains(line, "reboot: Power down") || strings.Contains(line, "Reached target poweroff.target")
}

// exited explains a host agent that ended while the machine was to come up.
func (d *Driver) exited() *vm.Failure {
	f := d.failure("The machine did not start", "See the log for what it says, then try again.")
	for _, line := range f.LogTail {
		switch {
		case strings.Contains(line, "executable file not found"), strings.Contains(line, "no such file or directory") && strings.Contains(line, "exec"):
			f.Message, f.Hint = "QEMU is missing", "Install it: qemu-system-x86 and qemu-utils on Debian and Ubuntu."
		case strings.Contains(line, "No space left on device"), strings.Contains(line, "no space left on device"):
			f.Message, f.Hint = "The disk of this computer is full", "Free some space, then start again."
		case strings.Contains(line, "Could not set up host forwarding rule"), strings.Contains(line, "address already in use"):
			f.Message, f.Hint = "A port that the machine needs is taken", "Start again: another one is chosen."
		case strings.Contains(line, "Cannot allocate memory"), strings.Contains(line, "cannot set up guest memory"):
			f.Message, f.Hint = "This computer has too little free memory for the machine", "Give the machine less: berth set vm.memory=2GiB, or close something."
		}
	}
	return f
}

// roomFor is what must be free: to make the system disk, or just to start.
func roomFor(made bool) int64 {
	if made {
		return 256 * mib
	}
	return 2048 * mib
}

func (d *Driver) checkRoom(made bool) error {
	has, err := free(d.cfg.Home)
	if err != nil {
		return fmt.Errorf("see how much room there is for the machine: %w", err)
	}
	if needs := roomFor(made); has < needs {
		return &vm.Failure{
			Message: fmt.Sprintf("The disk of this computer is too full for the machine: %d MiB are free, and it needs %d MiB", has/mib, needs/mib),
			Hint:    "Free some space, then start again.",
		}
	}
	return nil
}
