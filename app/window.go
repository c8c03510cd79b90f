package app

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"path/filepath"

	"github.com/wailsapp/wails/v2/pkg/options"
	"github.com/wailsapp/wails/v2/pkg/options/assetserver"
	"github.com/wailsapp/wails/v2/pkg/options/linux"
	"github.com/wailsapp/wails/v2/pkg/options/mac"
	"github.com/wailsapp/wails/v2/pkg/options/windows"

	"github.com/berth-desktop/berth/assets"
	"github.com/berth-desktop/berth/backend/paths"
	"github.com/berth-desktop/berth/frontend"
)

// desktopFile is the name that windows and their launcher are grouped by.
const desktopFile = "berth-desktop"

// programName is what the desktop and the webview know us by. The webview keeps what the page remembers (its place,
// sorting, columns) in a folder of that name, so two instances that shared it would open at each other's containers.
func programName(p paths.Paths) string {
	usual, err := paths.FromEnvironment(func(string) string { return "" })
	if err == nil && p.State == usual.State {
		return desktopFile
	}
	sum := sha256.Sum256([]byte(p.State))
	return desktopFile + "-" + hex.EncodeToString(sum[:4])
}

// window says how the window looks before the page has painted, and where the page comes from.
func window(page fs.FS, version string, p paths.Paths) *options.App {
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
			ProgramName:      programName(p),
		},
		Mac: &mac.Options{
			About: &mac.AboutInfo{Title: "Berth " + version, Message: "Containers on your desktop.", Icon: assets.AppIcon()},
			// The window's own background shows until the page has painted, and it follows the theme.
			WebviewIsTransparent: true,
		},
		Windows: &windows.Options{Theme: windows.SystemDefault, WebviewUserDataPath: filepath.Join(p.State, "webview")},
	}
}
