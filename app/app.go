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

	"github.com/wailsapp/wails/v2"
	"github.com/wailsapp/wails/v2/pkg/options"
	wailsruntime "github.com/wailsapp/wails/v2/pkg/runtime"

	"github.com/berth-desktop/berth/app/instance"
	"github.com/berth-desktop/berth/app/link"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// Run shows page in a window until the user closes it. Where the user has a window open already, Run brings that to
// the front and returns. args is empty or a link (app/link) to show; what is no such link fails, where a window is open
// already, and else leaves the window at its front page.
func Run(ctx context.Context, page fs.FS, version string, args []string) error {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	p, err := paths.FromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	if generating {
		return show(window(page, version, p), p, log, nil, &pages{})
	}
	if err := display(os.Getenv); err != nil {
		return err
	}
	to, wrong := requested(args)
	claim, err := instance.New(ctx, p.Runtime, instance.Window)
	if errors.Is(err, instance.ErrTaken) {
		word := instance.Raise
		if to != nil && wrong == nil {
			word = to.String()
		}
		return errors.Join(instance.Ask(ctx, p.Runtime, instance.Window, word), wrong)
	}
	if err != nil {
		return err
	}
	if wrong != nil {
		log.Warn("Link leads nowhere, so the window opens at its front page", "err", wrong)
	}
	return errors.Join(show(window(page, version, p), p, log, claim, &pages{next: to}), claim.Close())
}

// display fails where Linux has nothing to draw on. GTK would say so less kindly.
func display(getenv func(string) string) error {
	if runtime.GOOS != "linux" || getenv("DISPLAY") != "" || getenv("WAYLAND_DISPLAY") != "" {
		return nil
	}
	return errors.New("there is no display to open a window on: `berth ui` shows the same page in a browser")
}

// show runs Wails on opts, joined to the daemon by a bridge. claim is nil while Wails generates bindings: it then runs
// us up to the point of opening a window. at knows the page to show first.
func show(opts *options.App, p paths.Paths, log *slog.Logger, claim *instance.Claim, at *pages) (err error) {
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
	bye := &farewell{paths: p, log: log, icon: sign}
	opts.Bind = []any{bridge}
	opts.OnBeforeClose = bye.beforeClose
	opts.OnStartup = func(ctx context.Context) {
		window = ctx
		close(started)
		if claim != nil {
			go claim.Run(func(word string) {
				if word == instance.Quit {
					bye.asked()
				}
				heed(ctx, at, word)
			})
		}
	}
	opts.OnDomReady = func(ctx context.Context) {
		at.loaded(func(script string) { wailsruntime.WindowExecJS(ctx, script) })
		sign.bring(ctx) // not sooner: the window comes first
	}
	// macOS gives links so, and not as arguments.
	opts.Mac.OnUrlOpen = func(text string) {
		if l, err := link.Parse(text); err != nil {
			log.Warn("Link leads nowhere", "err", err)
		} else {
			at.visit(l)
		}
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

// heed does what another process asks of the window.
func heed(ctx context.Context, at *pages, word string) {
	switch word {
	case instance.Raise:
		wailsruntime.WindowUnminimise(ctx)
		wailsruntime.WindowShow(ctx)
	case instance.Quit:
		wailsruntime.Quit(ctx)
	default:
		// What is neither is said by another version of Berth: there is nobody to answer.
		if l, err := link.Parse(word); err == nil {
			at.visit(l)
			heed(ctx, at, instance.Raise)
		}
	}
}
