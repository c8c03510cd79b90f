//go:build linux

package native_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/berth-desktop/berth/vm/native"
)

// The switch is the network's: other tests are in this one, so the question is asked in a network of its own.
func TestTheMachineForwardsNoMoreThanBefore(t *testing.T) {
	const marker, forwarding = "BERTH_TEST_NETWORK", "/proc/sys/net/ipv4/ip_forward"
	if os.Getenv(marker) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), marker+"=1")
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "PASS") {
			t.Errorf("in a network of its own: %v\n%s", err, out)
		}
		return
	}
	is := func() string {
		text, err := os.ReadFile(forwarding)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(text))
	}
	for _, before := range []string{"0", "1"} {
		if err := os.WriteFile(forwarding, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		d := native.New(folders(t))
		start(t, d)
		if got := is(); got != "1" {
			t.Errorf("containers reach nobody: forwarding is %s", got)
		}
		stop(t, d)
		if got := is(); got != before {
			t.Errorf("forwarding is %s, and was %s before", got, before)
		}
	}
}
