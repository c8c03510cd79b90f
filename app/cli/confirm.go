package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
)

// confirm asks a question that must be answered with yes. Where nobody answers, nothing is done.
func (c *CLI) confirm(ctx context.Context, question string) error {
	_, _ = fmt.Fprintf(c.cfg.Stderr, "%s [y/N] ", question) // there is nowhere else to ask it
	said := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(io.LimitReader(c.cfg.Stdin, 1<<10)).ReadString('\n')
		if err != nil && line == "" {
			_, _ = fmt.Fprintln(c.cfg.Stderr)
		}
		said <- line
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case line := <-said:
		switch strings.ToLower(strings.TrimSpace(line)) {
		case "y", "yes":
			return nil
		}
		return &plainError{message: "Nothing was done.", next: "Answer y, or say --yes where nobody can be asked."}
	}
}
