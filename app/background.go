//go:build !windows

package app

import "github.com/wailsapp/wails/v2/pkg/options"

// background is what shows until the page has painted: nothing, so that the toolkit's own colour shows through. That
// one follows the theme.
func background() *options.RGBA { return options.NewRGBA(0, 0, 0, 0) }
