package app

import (
	"github.com/wailsapp/wails/v2/pkg/options"
	"golang.org/x/sys/windows/registry"
)

// background is what shows until the page has painted. Windows draws a see-through webview white in either theme, so
// the page's own colours stand here.
func background() *options.RGBA {
	if dark() {
		return options.NewRGB(0x12, 0x17, 0x1c)
	}
	return options.NewRGB(0xf4, 0xf6, 0xf8)
}

func dark() bool {
	key, err := registry.OpenKey(registry.CURRENT_USER, `Software\Microsoft\Windows\CurrentVersion\Themes\Personalize`, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	defer func() { _ = key.Close() }()
	light, _, err := key.GetIntegerValue("AppsUseLightTheme")
	return err == nil && light == 0
}
