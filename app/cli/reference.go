package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// referenceCommand writes docs/cli.md. `make docs` runs it, and lint proves that the file is current.
func (c *CLI) referenceCommand() *cobra.Command {
	return &cobra.Command{
		Use: "reference", Short: "Write all commands as Markdown", Args: cobra.NoArgs, Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var text strings.Builder
			referenceOf(&text, cmd.Root())
			if _, err := io.WriteString(c.cfg.Stdout, text.String()); err != nil {
				return fmt.Errorf("write the reference: %w", err)
			}
			return nil
		},
	}
}

func referenceOf(text *strings.Builder, cmd *cobra.Command) {
	if cmd.Runnable() {
		about := cmd.Long
		if about == "" {
			about = cmd.Short
		}
		fmt.Fprintf(text, "\n## %s\n\n%s\n\n```\n%s\n", cmd.CommandPath(), about, cmd.UseLine())
		cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Name == "help" {
				return
			}
			short := "    "
			if f.Shorthand != "" {
				short = "-" + f.Shorthand + ", "
			}
			kind, usage := pflag.UnquoteUsage(f)
			fmt.Fprintf(text, "  %-28s %s\n", short+"--"+strings.TrimSpace(f.Name+" "+kind), usage)
		})
		text.WriteString("```\n")
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			referenceOf(text, sub)
		}
	}
}
