package app

import (
	"io/fs"

	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/options/windows"

	"github.com/berth-desktop/berth/assets"
	"github.com/berth-desktop/berth/frontend"
)

// window says how the window looks before the page has painted, and where the page comes from.
func window(page fs.FS, version string) *options.App {
	return &options.App{
		Title:  "Berth",
		Width:  1200,
		Height: 780,
		// Two columns of the page's lists still fit.
		MinWidth:         720,
		MinHeight:        480,
		BackgroundColour: background(),
		AssetServer:      &assetserver.Options{Assets: page, Middleware: frontend.Protect},
		Linux: &linux.Options{
			Icon: assets.AppIcon(),
			// Drawing on the GPU is blank or crashes on some drivers, and lists need none.
			WebviewGpuPolicy: linux.WebviewGpuPolicyNever,
			// The name of the desktop file, so that the window is grouped with its launcher.
			ProgramName: "berth-desktop",
		},
		Mac: &mac.Options{
			About: &mac.AboutInfo{Title: "Berth " + version, Message: "Containers on your desktop.", Icon: assets.AppIcon()},
			// The window's own background shows until the page has painted, and it follows the theme.
			WebviewIsTransparent: true,
		},
		Windows: &windows.Options{Theme: windows.SystemDefault},
	}
}
