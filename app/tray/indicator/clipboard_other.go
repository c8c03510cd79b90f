//go:build desktop && !linux

package indicator

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
)

// copyText puts text on the clipboard.
func copyText(text string) error {
	program := "pbcopy"
	if runtime.GOOS == "windows" {
		program = "clip"
	}
	cmd := exec.Command(program) //nolint:noctx // it reads a word and ends
	cmd.Stdin = strings.NewReader(text)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	return nil
}

// escape keeps Windows from taking what follows an ampersand for an access key.
func escape(label string) string {
	if runtime.GOOS == "windows" {
		return strings.ReplaceAll(label, "&", "&&")
	}
	return label
}
