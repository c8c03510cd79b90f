package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

const trayProgram = "berth-tray"

// icon is the tray that the window brings.
type icon struct {
	paths paths.Paths
	log   *slog.Logger
	// coming is set while the one that we started runs: it may wait for a panel before it is there for others.
	coming atomic.Bool
}

// bring starts the tray where none runs: a window that was opened from a launcher would else leave no sign of Berth
// when it is closed. The tray outlives us; a desktop without a place for icons ends it, and its log says so.
func (i *icon) bring(ctx context.Context) {
	if instance.Running(ctx, i.paths.Runtime, instance.Tray) {
		return
	}
	program, err := client.Sibling(trayProgram)
	if err != nil {
		i.log.Info("No icon is shown", "reason", err)
		return
	}
	if err := i.start(program); err != nil {
		i.log.Warn("No icon is shown", "err", err)
	}
}

func (i *icon) start(program string) error {
	if err := os.MkdirAll(i.paths.Logs(), 0o700); err != nil {
		return fmt.Errorf("make the folder of logs: %w", err)
	}
	// A file and not a pipe: a program that writes to a pipe whose reader is gone is killed.
	out, err := os.OpenFile(filepath.Join(i.paths.Logs(), "tray.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the tray's log: %w", err)
	}
	defer out.Close()            // the tray has its own
	cmd := exec.Command(program) //nolint:noctx // it outlives us
	cmd.Stdout, cmd.Stderr = out, out
	client.Detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", program, err)
	}
	i.coming.Store(true)
	go func() {
		defer i.coming.Store(false)
		_ = cmd.Wait() // its log says why it ended
	}()
	return nil
}
