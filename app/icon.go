package app

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

const trayProgram = "berth-tray"

// bringIcon starts the tray where none runs: a window that was opened from a launcher would else leave no sign of Berth
// when it is closed. The tray outlives us; a desktop without a place for icons ends it, and its log says so.
func bringIcon(p paths.Paths, log *slog.Logger) {
	if instance.Running(p.Runtime, instance.Tray) {
		return
	}
	program, err := client.Sibling(trayProgram)
	if err != nil {
		log.Info("No icon is shown", "reason", err)
		return
	}
	if err := startIcon(p, program); err != nil {
		log.Warn("No icon is shown", "err", err)
	}
}

func startIcon(p paths.Paths, program string) error {
	if err := os.MkdirAll(p.Logs(), 0o700); err != nil {
		return fmt.Errorf("make the folder of logs: %w", err)
	}
	// A file and not a pipe: a program that writes to a pipe whose reader is gone is killed.
	out, err := os.OpenFile(filepath.Join(p.Logs(), "tray.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
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
	go func() { _ = cmd.Wait() }() // its log says why it ended
	return nil
}
