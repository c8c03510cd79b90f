// Package indicator puts Berth's tray into a real panel: StatusNotifierItem on Linux, the menu bar on macOS, the
// notification area on Windows.
//
// The library that does it needs cgo, and GTK on Linux, so it is only linked with the build tag desktop.
package indicator

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/app/notify"
	"github.com/berth-desktop/berth/app/tray"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/dockercontext"
	"github.com/berth-desktop/berth/backend/paths"
)

// Run shows the tray until the user quits or ctx ends. Where this user has one already, Run returns nil at once.
// It must be called from the main goroutine.
func Run(ctx context.Context, getenv func(string) string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	p, err := paths.FromEnvironment(getenv)
	if err != nil {
		return err
	}
	docker, err := dockercontext.At(p, getenv)
	if err != nil {
		return err
	}
	if err := available(ctx, getenv); err != nil {
		return err
	}
	claim, err := instance.New(ctx, p.Runtime, instance.Tray)
	if errors.Is(err, instance.ErrTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	go claim.Run(func(word string) {
		if word == instance.Quit {
			quit()
		}
	})
	env := os.Environ()
	window := tray.Window{Paths: p, Find: client.Sibling, Env: env}
	var notifying sync.WaitGroup
	notifying.Go(func() { notifies(ctx, p, window, log) })
	defer notifying.Wait()
	defer quit()
	err = show(p.Runtime, func(h tray.Host) error {
		return tray.New(tray.Config{
			Host: h, Daemon: tray.NewDaemon(p, env, docker, log),
			Open: window.Open, Browse: tray.Browse, Close: window.Close, Log: log,
		}).Run(ctx)
	})
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, claim.Close())
}

// notifies tells of what needs the user, as far as this desktop can show it.
func notifies(ctx context.Context, p paths.Paths, window tray.Window, log *slog.Logger) {
	desktop, err := notify.NewDesktop(ctx)
	if err != nil {
		log.Info("There will be no notifications", "err", err)
		return
	}
	err = notify.Run(ctx, notify.Config{Paths: p, Desktop: desktop, Open: window.Open, Log: log})
	if err := errors.Join(err, desktop.Close()); err != nil && ctx.Err() == nil {
		log.Warn("Notifications ended", "err", err)
	}
}
