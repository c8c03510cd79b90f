package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

func (c *CLI) serveCommand() *cobra.Command {
	var background bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the daemon here; other commands start it by themselves", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.paths()
			if err != nil {
				return err
			}
			return c.serve(cmd.Context(), p, background)
		},
	}
	cmd.Flags().BoolVar(&background, "background", false, "log to the log file only")
	_ = cmd.Flags().MarkHidden("background") // the flag exists, so this cannot fail
	return cmd
}

func (c *CLI) quitCommand() *cobra.Command {
	return &cobra.Command{
		Use: "quit", Short: "End the daemon, and with it an engine of its own", Args: cobra.NoArgs,
		Long: "End the daemon, and with it an engine of its own. Containers, images and volumes stay. The next daemon starts\n" +
			"the engine again if it was running: use \"berth stop\" first if you want it to stay stopped.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.paths()
			if err != nil {
				return err
			}
			return client.Quit(cmd.Context(), p)
		},
	}
}

func (c *CLI) serve(ctx context.Context, p paths.Paths, background bool) (err error) {
	release, err := client.Hold(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	file, err := openLog(p.DaemonLog())
	if err != nil {
		return fmt.Errorf("open the log: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()

	var out io.Writer = file
	if !background {
		out = io.MultiWriter(file, c.cfg.Stderr)
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	log.Info("Berth begins", "version", c.cfg.Version, "instance", p.Instance)
	err = c.cfg.Serve(ctx, p, log)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // it was asked to end
	}
	if err != nil {
		log.Error("Berth ends", "err", err)
		return err
	}
	log.Info("Berth ends")
	return nil
}
