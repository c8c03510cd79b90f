//go:build unix

package cli

import (
	"context"
	"fmt"
	"syscall"
)

// run becomes another program, so that signals, the terminal and the exit code are its own.
func run(_ context.Context, program string, args, env []string) error {
	err := syscall.Exec(program, append([]string{program}, args...), env)
	return fmt.Errorf("run %s: %w", program, err)
}
