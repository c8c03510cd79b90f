package enginetest_test

import (
	"testing"

	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

func TestDaemonRunsContainersAndComesBackAfterAKill(t *testing.T) {
	d := enginetest.Start(t)
	if got := d.Docker(t, "run", "--rm", "--network", "none", enginetest.Image, "echo", "hello"); got != "hello" {
		t.Fatalf("the container said %q", got)
	}
	id := d.Docker(t, "run", "-d", "--stop-signal", "KILL", "--network", "none", enginetest.Image, "sleep", "1000")
	d.Kill(t)
	d.Restart(t)
	if got := d.Docker(t, "ps", "-aq", "--no-trunc"); got != id {
		t.Fatalf("after a restart there is %q, want %q", got, id)
	}
	d.Kill(t) // and Cleanup has to cope with that
}
