//go:build desktop

package indicator

import (
	"github.com/getlantern/systray"

	"github.com/berth-desktop/berth/app/tray"
	"github.com/berth-desktop/berth/assets"
)

// show runs loop on a place in the panel until it returns, and returns its error. dir takes the files through which
// icons reach a panel on Linux.
func show(dir string, loop func(tray.Host) error) error {
	if err := prepare(dir); err != nil {
		return err
	}
	ended := make(chan error, 1)
	systray.Run(func() {
		ended <- loop(&place{clicks: make(chan tray.Action, 8)})
		systray.Quit()
	}, nil)
	return <-ended
}

// place is our icon's place in the panel. It implements tray.Host.
type place struct {
	items  []*systray.MenuItem // nil for a separator
	clicks chan tray.Action
}

// SetIcon implements tray.Host. A glyph that is missing leaves the last one.
func (p *place) SetIcon(glyph tray.Phase, text string) {
	if colour, mono, err := assets.TrayIcon(string(glyph)); err == nil {
		systray.SetTemplateIcon(native(mono), native(colour))
	}
	systray.SetTooltip(text)
}

// SetItem implements tray.Host.
func (p *place) SetItem(i int, item tray.Item) {
	if i == len(p.items) {
		p.items = append(p.items, p.add(item))
		return
	}
	shown := p.items[i]
	if shown == nil {
		return
	}
	shown.SetTitle(item.Label)
	enable(shown, item.Enabled)
}

func (p *place) add(item tray.Item) *systray.MenuItem {
	if item == (tray.Item{}) {
		systray.AddSeparator()
		return nil
	}
	added := systray.AddMenuItem(item.Label, "")
	enable(added, item.Enabled)
	// The library drops a click that nobody waits for at that very moment.
	go func() {
		for range added.ClickedCh {
			p.clicks <- item.Action
		}
	}()
	return added
}

// Clicks implements tray.Host.
func (p *place) Clicks() <-chan tray.Action { return p.clicks }

func enable(item *systray.MenuItem, on bool) {
	switch {
	case on == !item.Disabled():
	case on:
		item.Enable()
	default:
		item.Disable()
	}
}
