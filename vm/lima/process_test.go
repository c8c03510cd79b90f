package lima

import (
	"os"
	"testing"
)

// Right after a child was started the system may show no command line of it. That is no reason to think that it ended.
func TestAChildLivesUntilItWasWaitedFor(t *testing.T) {
	done := make(chan struct{})
	p := process{pid: os.Getpid(), mark: "/not/in/its/command/line", done: done}
	if !p.alive() {
		t.Error("a child that nobody has waited for is taken for ended")
	}
	close(done)
	if p.alive() {
		t.Error("a child that was waited for is taken for alive")
	}
}
