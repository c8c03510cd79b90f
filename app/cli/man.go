package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// manCommand writes the manual, a page a command. Packaging runs it; `make build` does.
func (c *CLI) manCommand() *cobra.Command {
	return &cobra.Command{
		Use: "man FOLDER", Short: "Write the manual pages into a folder", Args: cobra.ExactArgs(1), Hidden: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil { //nolint:gosec // a manual is for everybody
				return fmt.Errorf("make the folder of the manual: %w", err)
			}
			return c.writeManual(cmd.Root(), args[0])
		},
	}
}

func (c *CLI) writeManual(cmd *cobra.Command, dir string) error {
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
	file, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return fmt.Errorf("write a page of the manual: %w", err)
	}
	manPage(file, cmd, c.cfg.Version)
	if err := file.Close(); err != nil {
		return fmt.Errorf("write a page of the manual: %w", err)
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			if err := c.writeManual(sub, dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// manPage writes one page. Close tells what went wrong.
func manPage(w io.Writer, cmd *cobra.Command, version string) {
	put := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	dashed := strings.ReplaceAll(cmd.CommandPath(), " ", "-")
	put(`.TH "%s" 1 "" "berth %s" "Berth"`, strings.ToUpper(dashed), roff(version))
	put(".SH NAME\n%s \\- %s", roff(dashed), roff(cmd.Short))
	put(".SH SYNOPSIS\n.B %s", roff(cmd.UseLine()))
	if cmd.Long != "" {
		put(".SH DESCRIPTION\n%s", roff(cmd.Long))
	}
	var options []*pflag.Flag
	cmd.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			options = append(options, f)
		}
	})
	if len(options) > 0 {
		put(".SH OPTIONS")
	}
	for _, f := range options {
		head := "--" + f.Name
		if f.Shorthand != "" {
			head = "-" + f.Shorthand + ", " + head
		}
		put(".TP\n.B %s\n%s", roff(head), roff(f.Usage))
	}
	var subs []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			subs = append(subs, fmt.Sprintf(".TP\n.B %s\n%s", roff(sub.Name()), roff(sub.Short)))
		}
	}
	if len(subs) > 0 {
		put(".SH COMMANDS\n%s", strings.Join(subs, "\n"))
	}
	put(".SH EXIT STATUS\n0 done, 1 error, 2 usage, 3 refused by validation, 4 a wait was given up, 5 no daemon. run and exec pass on the exit code of what they ran.")
	if p := cmd.Parent(); p != nil {
		put(".SH SEE ALSO\n.BR %s (1)", roff(strings.ReplaceAll(p.CommandPath(), " ", "-")))
	}
}

// roff escapes text that would be taken for a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
