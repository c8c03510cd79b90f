package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/diagnostics"
)

func (c *CLI) doctorCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong, and say what mends it", Args: cobra.NoArgs,
		Long: "Look for what is wrong on this machine, and say which command mends it. It starts nothing and changes nothing,\n" +
			"and it works while the daemon is down or hangs. The exit code is 1 if there is a problem.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.doctor(cmd.Context(), f) },
	}
	f.flag(cmd)
	return cmd
}

func (c *CLI) doctor(ctx context.Context, f format) error {
	cfg, err := c.diagnosed()
	if err != nil {
		return err
	}
	report := diagnostics.Examine(ctx, cfg)
	if f.table() {
		err = writeReport(c.cfg.Stdout, report)
	} else {
		err = f.print(c.cfg.Stdout, report)
	}
	if err != nil {
		return err
	}
	problems, warnings := report.Count(diagnostics.Problem), report.Count(diagnostics.Warning)
	if f.table() {
		c.say("%s, %s.", count(problems, "problem"), count(warnings, "warning"))
	}
	if problems > 0 {
		return exitCode(exitError)
	}
	return nil
}

// diagnosed is what diagnostics look at.
func (c *CLI) diagnosed() (diagnostics.Config, error) {
	p, err := c.paths()
	return diagnostics.Config{Paths: p, Version: c.cfg.Version, Getenv: c.cfg.Getenv}, err
}

// writeReport shows what is wrong first.
func writeReport(out io.Writer, r diagnostics.Report) error {
	t := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, level := range []diagnostics.Level{diagnostics.Problem, diagnostics.Warning, diagnostics.OK} {
		for _, f := range r.Findings {
			if f.Level != level {
				continue
			}
			_, _ = fmt.Fprintf(t, "%s\t%s\t%s\n", f.Level, f.Check, clean(f.Message)) // Flush tells what went wrong
			if f.Mend != "" {
				_, _ = fmt.Fprintf(t, "\t\t  mend it with: %s\n", clean(f.Mend))
			}
		}
	}
	return t.Flush()
}

// count gives a number of things.
func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	default:
		return fmt.Sprintf("%d %s", n, strings.TrimSuffix(what, "y")+map[bool]string{true: "ies", false: "s"}[strings.HasSuffix(what, "y")])
	}
}
