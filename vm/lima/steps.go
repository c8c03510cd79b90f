package lima

import (
	"strings"
	"time"

	"github.com/berth-desktop/berth/vm"
)

// The steps of a Start.
const (
	stepLook   = "Looking at the machine"
	stepDisks  = "Preparing the disks"
	stepBoot   = "Booting the machine"
	stepSetUp  = "Setting up the machine"
	stepDocker = "Starting Docker"
	stepAdopt  = "Taking over the running machine"
)

// stepAfter is the step that begins with what the host agent says; empty if none does.
func stepAfter(msg string) string {
	switch {
	case strings.HasPrefix(msg, "The essential requirement 1 of ") && strings.HasSuffix(msg, " is satisfied"):
		return stepSetUp
	case strings.HasPrefix(msg, "Waiting for the optional requirement ") && strings.Contains(msg, probeDocker):
		return stepDocker
	}
	return ""
}

// progress tells of one step after the other, and of the guest's last line meanwhile.
type progress struct {
	report func(vm.Step)
	now    vm.Step
}

func newProgress(report func(vm.Step)) *progress {
	if report == nil {
		report = func(vm.Step) {}
	}
	return &progress{report: report}
}

func (p *progress) step(name string, within time.Duration) {
	if name == "" || name == p.now.Name {
		return
	}
	p.now = vm.Step{Name: name, At: time.Now(), Within: within}
	p.report(p.now)
}

func (p *progress) message(text string) {
	if text == "" || text == p.now.Message {
		return
	}
	p.now.Message, p.now.At = text, time.Now()
	p.report(p.now)
}
