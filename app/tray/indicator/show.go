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
		ended <- loop(&place{
			lines: map[tray.Place]*shown{}, glyphs: map[tray.Phase]glyph{}, clicks: make(chan tray.Place, 8),
		})
		systray.Quit()
	}, nil)
	return <-ended
}

// place is our icon's place in the panel. It implements tray.Host.
type place struct {
	lines map[tray.Place]*shown
	// glyphs are kept because the library reads a picture only after it was set.
	glyphs map[tray.Phase]glyph
	clicks chan tray.Place
}

type glyph struct{ colour, mono []byte }

// shown is a line as the library has it; it has none for a separator.
type shown struct {
	*systray.MenuItem
	line tray.Line
}

// SetIcon implements tray.Host. A glyph that is missing leaves the last one.
func (p *place) SetIcon(phase tray.Phase, text string) {
	g, known := p.glyphs[phase]
	if !known {
		if colour, mono, err := assets.TrayIcon(string(phase)); err == nil {
			g = glyph{native(colour), native(mono)}
			p.glyphs[phase] = g
		}
	}
	if g.colour != nil {
		systray.SetTemplateIcon(g.mono, g.colour)
	}
	systray.SetTooltip(text)
}

// SetLine implements tray.Host.
func (p *place) SetLine(at tray.Place, line tray.Line) {
	now, there := p.lines[at]
	if !there {
		p.add(at, line)
		return
	}
	if now.MenuItem == nil {
		return
	}
	before := now.line
	now.line = line
	if line.Label != before.Label {
		now.SetTitle(escape(line.Label))
	}
	if line.Enabled != before.Enabled {
		enable(now.MenuItem, line.Enabled)
	}
	// Last, because the library shows whatever it changes.
	switch {
	case line.Hidden:
		now.Hide()
	case before.Hidden:
		now.Show()
	}
}

func (p *place) add(at tray.Place, line tray.Line) {
	added := &shown{line: line}
	p.lines[at] = added
	switch {
	case line == (tray.Line{}):
		systray.AddSeparator()
		return
	case at.Child > 0:
		added.MenuItem = p.lines[tray.Place{Item: at.Item}].AddSubMenuItem(escape(line.Label), "")
	default:
		added.MenuItem = systray.AddMenuItem(escape(line.Label), "")
	}
	enable(added.MenuItem, line.Enabled)
	if line.Hidden {
		added.Hide()
	}
	// The library drops a click that nobody waits for at that very moment.
	go func() {
		for range added.ClickedCh {
			p.clicks <- at
		}
	}()
}

// Clicks implements tray.Host.
func (p *place) Clicks() <-chan tray.Place { return p.clicks }

// Copy implements tray.Host.
func (p *place) Copy(text string) error { return copyText(text) }

func enable(item *systray.MenuItem, on bool) {
	switch {
	case on == !item.Disabled():
	case on:
		item.Enable()
	default:
		item.Disable()
	}
}
