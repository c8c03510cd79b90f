//go:build desktop

package desktoptest

import (
	"fmt"
	"testing"
)

// What the menu opens is a page of the one window, and what it copies can be pasted.
func TestTheTraysItemsLeadToTheirPages(t *testing.T) {
	s := newSession(t)
	s.equip(t)
	p := s.paths(t)
	tray := s.start(t, "berth-tray", nil)
	icon := s.icon(t, s.connect(t), tray.Process.Pid)
	icon.click(t, "Start engine")
	icon.shows(t, "ready", "Engine running", false, true)
	s.containers(t, p.EngineSocket(), 1)
	s.runs(t, p.EngineSocket(), "", "alone", "--network", "none")
	icon.has(t, "the container appears", labelled("alone"))

	for _, item := range []struct{ label, hash string }{
		{"Settings", "#/settings"},
		{"Diagnostics", "#/diagnostics"},
		{"All containers…", "#/containers"},
	} {
		icon.click(t, item.label)
		s.window(t)
		s.remembers(t, item.hash)
	}

	icon.click(t, "Docker context", "Copy the name berth")
	eventually(t, "the name is on the clipboard", func() error {
		text, err := s.output(t, "timeout", "5", "xclip", "-selection", "clipboard", "-o")
		if err == nil && string(text) != "berth" {
			err = fmt.Errorf("it holds %q", text)
		}
		return err
	})
}
