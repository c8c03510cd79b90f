// Package assets holds Berth's icons. The drawings lie in svg, render.sh makes the pictures from them.
package assets

import (
	"embed"
	"fmt"
)

//go:embed app.png
var app []byte

//go:embed tray/*.png
var tray embed.FS

// AppIcon is the application's icon, a PNG of 256 pixels. The one of 1024 pixels for packages is build/appicon.png.
func AppIcon() []byte { return app }

// TrayIcon is the glyph of a state for a panel, a PNG of 44 pixels: in colour, and one colour on nothing for systems
// that tint it themselves.
func TrayIcon(state string) (colour, mono []byte, err error) {
	if colour, err = tray.ReadFile("tray/" + state + ".png"); err != nil {
		return nil, nil, fmt.Errorf("find the glyph of %q: %w", state, err)
	}
	if mono, err = tray.ReadFile("tray/" + state + "-mono.png"); err != nil {
		return nil, nil, fmt.Errorf("find the glyph of %q: %w", state, err)
	}
	return colour, mono, nil
}
