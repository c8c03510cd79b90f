package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

const (
	farewellTitle = "Berth goes on without its window"
	farewellText  = "The engine and its containers keep running, and no panel shows Berth’s icon here.\n\n" +
		"“berth desktop” in a terminal, or the launcher, opens the window again. “berth stop” stops the engine, “berth quit” ends all of Berth."

	// toldMark is the file that says that the user knows.
	toldMark = "told-that-berth-goes-on"
	// glance is how long a daemon that hangs keeps the window from closing.
	glance = time.Second
)

// farewell tells the user, when they close the window for the first time where no icon is left of Berth, that it goes on.
type farewell struct {
	paths paths.Paths
	log   *slog.Logger
	icon  *icon
	// dialog is what tells them.
	dialog *dialog

	mu     sync.Mutex
	silent bool // a program ends the window, or the user is just being told
}

// asked says that the window is closed for somebody who knows what goes on.
func (f *farewell) asked() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silent = true
}

// beforeClose implements Wails' OnBeforeClose: it returns whether the window stays open.
func (f *farewell) beforeClose(ctx context.Context) bool {
	f.mu.Lock()
	silent := f.silent
	f.silent = true
	f.mu.Unlock()
	if silent || !f.needed(ctx) {
		return false
	}
	if err := f.dialog.tell(ctx, runtime.InfoDialog, farewellTitle, farewellText); err != nil {
		f.log.Warn("The user was not told that Berth goes on", "err", err)
		return false
	}
	if err := os.WriteFile(filepath.Join(f.paths.State, toldMark), nil, 0o600); err != nil {
		f.log.Warn("The user will be told again that Berth goes on", "err", err)
	}
	return false
}

func (f *farewell) needed(ctx context.Context) bool {
	if _, err := os.Stat(filepath.Join(f.paths.State, toldMark)); err == nil || f.icon.coming.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, glance)
	defer cancel()
	if instance.Running(ctx, f.paths.Runtime, instance.Tray) {
		return false
	}
	d, err := client.Connect(ctx, client.Options{Paths: f.paths, Log: f.log})
	if err != nil {
		return false // nothing goes on
	}
	defer d.Close()
	app, err := d.App(ctx)
	return err == nil && app.Spec.Running
}
