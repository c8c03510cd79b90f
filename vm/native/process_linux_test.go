//go:build linux

package native

import (
	"os/exec"
	"testing"
)

// A program that a start launches and at once takes back is found by its command line.
func TestLaunchedProgramIsFoundAtOnce(t *testing.T) {
	for range 300 {
		p, err := launch(exec.CommandContext(t.Context(), "sleep", "60"))
		if err != nil {
			t.Fatal(err)
		}
		args := commandLine(p.pid)
		if err := p.kill(); err != nil {
			t.Fatal(err)
		}
		if len(args) == 0 {
			t.Fatal("a program that was launched has no command line")
		}
	}
}
