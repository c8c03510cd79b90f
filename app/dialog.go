package app

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"

	wailsruntime "github.com/wailsapp/wails/v2/pkg/runtime"
)

const (
	refusalTitle = "This link leads nowhere"
	refusalNext  = "\n\nNothing was changed. Look at the link again where you found it."
)

// errOpen says that the user is being told something else.
var errOpen = errors.New("another dialog is open")

// dialog tells the user something in front of the window. There is one at a time: any web page can send us links, and must
// not bury the user.
type dialog struct {
	show func(context.Context, wailsruntime.MessageDialogOptions) (string, error)
	open atomic.Bool
}

// tell returns once the user has read it.
func (d *dialog) tell(ctx context.Context, kind wailsruntime.DialogType, title, text string) error {
	if !d.open.CompareAndSwap(false, true) {
		return errOpen
	}
	defer d.open.Store(false)
	_, err := d.show(ctx, wailsruntime.MessageDialogOptions{Type: kind, Title: title, Message: verbatim(runtime.GOOS, text)})
	return err
}

// refusal tells why a link leads nowhere, and what to do.
func (d *dialog) refusal(ctx context.Context, why error, log *slog.Logger) {
	if err := d.tell(ctx, wailsruntime.WarningDialog, refusalTitle, "Berth cannot "+why.Error()+"."+refusalNext); err != nil {
		log.Warn("The user was not told that a link leads nowhere", "err", err)
	}
}

// verbatim has a text stand as it is. On Linux Wails hands it to GTK as a format, in which a link's %n would be a command.
func verbatim(system, text string) string {
	if system != "linux" {
		return text
	}
	return strings.ReplaceAll(text, "%", "%%")
}
