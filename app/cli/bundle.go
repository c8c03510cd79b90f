package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/diagnostics"
)

func (c *CLI) bundleCommand() *cobra.Command {
	var file string
	var yes bool
	cmd := &cobra.Command{
		Use: "bundle", Short: "Pack what explains a failure into one archive, without secrets", Args: cobra.NoArgs,
		Long: "Pack what explains a failure into one archive (tar, gzip): logs, conditions, objects, versions, what the doctor says.\n" +
			"Secrets and the values of environment variables are removed; look into it before you give it to anybody.\n" +
			"It works while the daemon is down or hangs, and sends nothing anywhere.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.bundle(cmd.Context(), file, yes) },
	}
	cmd.Flags().StringVarP(&file, "output", "o", "", "where to write it; - is stdout (default berth-bundle-TIME.tar.gz, here)")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (c *CLI) bundle(ctx context.Context, name string, yes bool) error {
	cfg, err := c.diagnosed()
	if err != nil {
		return err
	}
	c.say("The bundle will hold, without secrets and values of variables:")
	for _, p := range diagnostics.Parts() {
		c.say("  %-17s %s", p.Name, p.About)
	}
	if !yes {
		if err := c.confirm(ctx, "Write it?"); err != nil {
			return err
		}
	}
	if name == "-" {
		return c.writeBundle(ctx, cfg, c.cfg.Stdout)
	}
	if name == "" {
		name = "berth-bundle-" + time.Now().Format("20060102-150405") + ".tar.gz"
	}
	if name, err = filepath.Abs(name); err != nil {
		return fmt.Errorf("find the place of the bundle: %w", err)
	}
	return c.bundleTo(ctx, cfg, name)
}

// bundleTo writes a file that only the user can read, and none at all if it cannot be written whole.
func (c *CLI) bundleTo(ctx context.Context, cfg diagnostics.Config, name string) (err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return &plainError{message: name + " is there already.", next: "Choose another name: berth bundle -o FILE"}
	}
	if err != nil {
		return fmt.Errorf("write the bundle: %w", err)
	}
	err = errors.Join(c.writeBundle(ctx, cfg, f), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(name))
	}
	_, err = fmt.Fprintln(c.cfg.Stdout, name)
	return err
}

func (c *CLI) writeBundle(ctx context.Context, cfg diagnostics.Config, out io.Writer) error {
	notes, err := diagnostics.WriteBundle(ctx, cfg, c.cfg.Environ, out)
	if err != nil {
		return err
	}
	for _, n := range notes {
		c.say("Not complete: %s", n)
	}
	return nil
}
