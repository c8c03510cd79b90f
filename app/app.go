// Package app is the window: the page in a webview, and the page's pipe to the daemon's API (bridge.go).
//
// Closing the window ends the process and so gives the webview's memory back; the daemon stays.
package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"sync"

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	wailsruntime "github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// Run shows page in a window until the user closes it. Where the user has a window open already, Run brings that to
// the front and returns. args is empty or a link (app/link) to show. One that leads nowhere is an ErrNowhere, after a window
// has said so: the one that is open already, or one that opens and that the user closes.
func Run(ctx context.Context, page fs.FS, version string, args []string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	p, err := paths.FromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	if generating {
		return show(window(page, version, p), p, log, nil, &pages{}, nil)
	}
	if err := display(os.Getenv); err != nil {
		return err
	}
	to, wrong := requested(args)
	claim, err := instance.New(ctx, p.Runtime, instance.Window)
	if errors.Is(err, instance.ErrTaken) {
		return errors.Join(instance.Ask(ctx, p.Runtime, instance.Window, errand(args, to, wrong)), nowhere(wrong), nowhere(missing(ctx, p, to)))
	}
	if err != nil {
		return err
	}
	gone := missing(ctx, p, to)
	for _, why := range []error{wrong, gone} { // now, and not when the user has closed the window
		if why != nil {
			log.Warn("Link leads nowhere", "err", why)
		}
	}
	return errors.Join(show(window(page, version, p), p, log, claim, &pages{next: to}, wrong), claim.Close(), nowhere(wrong), nowhere(gone))
}

// display fails where Linux has nothing to draw on. GTK would say so less kindly.
func display(getenv func(string) string) error {
	if runtime.GOOS != "linux" || getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "" {
		return nil
	}
	return errors.New("there is no display to open a window on: `berth ui` shows the same page in a browser")
}

// show runs Wails on opts, joined to the daemon by a bridge. claim is nil while Wails generates bindings: it then runs
// us up to the point of opening a window. at knows the page to show first, and wrong why it is not the one that was asked for.
func show(opts *options.App, p paths.Paths, log *slog.Logger, claim *instance.Claim, at *pages, wrong error) (err error) {
	// Wails' calls need a context that it hands out only once it runs.
	var window context.Context
	started := make(chan struct{})
	bridge := newBridge(
		func(ctx context.Context) (daemon, error) {
			return client.Connect(ctx, client.Options{Paths: p, Start: true, Log: log})
		},
		func(event string, data ...any) {
			<-started
			wailsruntime.EventsEmit(window, event, data...)
		},
		func(name string) (string, error) {
			<-started
			return wailsruntime.SaveFileDialog(window, wailsruntime.SaveDialogOptions{DefaultFilename: name})
		},
		log,
	)
	sign := &icon{paths: p, log: log}
	bye := &farewell{paths: p, log: log, icon: sign, dialog: &dialog{show: wailsruntime.MessageDialog}}
	var does errands // once it is started
	opts.Bind = []any{bridge}
	opts.OnBeforeClose = func(ctx context.Context) bool {
		stays := bye.beforeClose(ctx)
		if !stays && bye.dialog.open.Load() { // Wails would go on until the user has answered
			bridge.shutdown()
			os.Exit(ExitCode(errors.Join(claim.Close(), nowhere(wrong))))
		}
		return stays
	}
	opts.OnStartup = func(ctx context.Context) {
		does = newErrands(ctx, at, bye, log)
		window = ctx
		close(started)
		if claim != nil {
			go claim.Run(does.heed)
		}
	}
	var first sync.Once // and not again when the page is reloaded
	opts.OnDomReady = func(ctx context.Context) {
		at.loaded(func(script string) { wailsruntime.WindowExecJS(ctx, script) })
		first.Do(func() {
			if wrong != nil {
				go bye.dialog.refusal(ctx, wrong, log)
			}
		})
		sign.bring(ctx) // not sooner: the window comes first
	}
	// macOS gives links so, and not as arguments.
	opts.Mac.OnUrlOpen = func(text string) {
		go func() { // it may come before all has started
			<-started
			does.heed(text)
		}()
	}
	opts.OnShutdown = func(context.Context) { bridge.shutdown() }

	// Wails panics where GTK can't open the display.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("open a window on display %q: %v", os.Getenv("DISPLAY"), r)
		}
	}()
	return wails.Run(opts)
}
