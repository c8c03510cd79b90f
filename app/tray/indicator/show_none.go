//go:build !desktop

package indicator

import (
	"errors"

	"github.com/berth-desktop/berth/app/tray"
)

// show refuses: this build has no panel.
func show(string, func(tray.Host) error) error {
	return errors.New("this berth-tray was built without -tags desktop and can show no icon")
}
