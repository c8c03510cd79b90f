package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/app/instance"
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
		Use: "quit", Short: "End Berth: window, icon, daemon, and with it an engine of its own", Args: cobra.NoArgs,
		Long: "End the window, the icon in the tray and the daemon, and with it an engine of its own. Containers, images and volumes\n" +
			"stay. The next daemon starts the engine again if it was running: use \"berth stop\" first if you want it to stay stopped.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.paths()
			if err != nil {
				return err
			}
			if err := endFaces(cmd.Context(), p); err != nil {
				return err
			}
			return client.Quit(cmd.Context(), p)
		},
	}
}

// endFaces closes the window, which would start the daemon again, and takes the icon away.
func endFaces(ctx context.Context, p paths.Paths) error {
	for _, face := range []string{instance.Window, instance.Tray} {
		if !instance.Running(ctx, p.Runtime, face) {
			continue
		}
		if err := instance.End(ctx, p.Runtime, face); err != nil {
			return &plainError{fmt.Sprintf("the daemon was left as it is: %v.", err), "Close the " + face + " by hand, and try again."}
		}
	}
	return nil
}

func (c *CLI) serve(ctx context.Context, p paths.Paths, background bool) (err error) {
	release, err := client.Hold(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	file, err := openLog(p.DaemonLog())
	if err != nil {
		return inWords(fmt.Errorf("open the log: %w", err), p)
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
		return inWords(err, p)
	}
	log.Info("Berth ends")
	return nil
}

// inWords says of a folder that cannot be written to what to do about it. Other errors are as they are.
func inWords(err error, p paths.Paths) error {
	next := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		next = "Make room on that disk, then try again. Nothing was lost."
	case errors.Is(err, syscall.EROFS):
		next = "That disk is read-only: it may be damaged, or " + paths.EnvHome + " should name a folder on another. Nothing was lost."
	case errors.Is(err, fs.ErrPermission):
		next = "Give the folder to yourself: sudo chown -R \"$USER\" " + p.State
	default:
		return err
	}
	return &plainError{message: "Berth cannot keep its state in " + p.State + ": " + err.Error(), next: next}
}
