//go:build desktop

package desktoptest

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/berth-desktop/berth/assets"
)

// icon is Berth's icon as the panel sees it.
type icon struct {
	item, menu dbus.BusObject
}

// entry is a line of the menu, with those below it.
type entry struct {
	ID      int32
	Label   string
	Enabled bool
	Below   []entry
}

// layout is how a menu travels over the bus.
type layout struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

func (s *session) connect(t testing.TB) *dbus.Conn {
	t.Helper()
	conn, err := dbus.Connect(s.bus)
	if err != nil {
		t.Fatalf("connect to the session bus: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// icon waits until the panel knows the icon of the process pid.
func (s *session) icon(t testing.TB, conn *dbus.Conn, pid int) *icon {
	t.Helper()
	var found *icon
	eventually(t, "the tray's icon is in the panel", func() error {
		v, err := conn.Object("org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher").
			GetProperty("org.kde.StatusNotifierWatcher.RegisteredStatusNotifierItems")
		if err != nil {
			return err
		}
		names, _ := v.Value().([]string)
		for _, name := range names {
			i := strings.Index(name, "/")
			if i < 0 {
				continue
			}
			var owner int
			if err := conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, name[:i]).Store(&owner); err != nil || owner != pid {
				continue
			}
			item := conn.Object(name[:i], dbus.ObjectPath(name[i:]))
			v, err := item.GetProperty("org.kde.StatusNotifierItem.Menu")
			if err != nil {
				return err
			}
			path, _ := v.Value().(dbus.ObjectPath)
			found = &icon{item: item, menu: conn.Object(name[:i], path)}
			return nil
		}
		return fmt.Errorf("the panel knows %v", names)
	})
	return found
}

// entries reads the menu as a person sees it, without its separators.
func (i *icon) entries() ([]entry, error) {
	var revision uint32
	var root layout
	if err := i.menu.Call("com.canonical.dbusmenu.GetLayout", 0, int32(0), int32(-1), []string{}).Store(&revision, &root); err != nil {
		return nil, fmt.Errorf("read the menu: %w", err)
	}
	return root.entries()
}

func (l layout) entries() ([]entry, error) {
	var all []entry
	for _, child := range l.Children {
		var c layout
		if err := dbus.Store([]any{child.Value()}, &c); err != nil {
			return nil, fmt.Errorf("read a menu item: %w", err)
		}
		label, ok := c.Props["label"].Value().(string)
		if visible, said := c.Props["visible"].Value().(bool); !ok || said && !visible {
			continue
		}
		enabled, said := c.Props["enabled"].Value().(bool)
		below, err := c.entries()
		if err != nil {
			return nil, err
		}
		all = append(all, entry{ID: c.ID, Label: label, Enabled: enabled || !said, Below: below})
	}
	return all, nil
}

// at finds the line that is reached through these labels.
func (i *icon) at(labels ...string) (entry, error) {
	all, err := i.entries()
	if err != nil {
		return entry{}, err
	}
	var found entry
	for _, label := range labels {
		n := slices.IndexFunc(all, func(e entry) bool { return e.Label == label })
		if n < 0 {
			return entry{}, fmt.Errorf("no item %q in %v", label, all)
		}
		found, all = all[n], all[n].Below
	}
	return found, nil
}

// click clicks the line that is reached through these labels, once it is there.
func (i *icon) click(t testing.TB, labels ...string) {
	t.Helper()
	var e entry
	eventually(t, "the menu has "+strings.Join(labels, " ▸ "), func() (err error) {
		e, err = i.at(labels...)
		return err
	})
	i.hit(t, e.ID)
}

// hit clicks the line with this number, whatever it is.
func (i *icon) hit(t testing.TB, id int32) {
	t.Helper()
	if err := i.menu.Call("com.canonical.dbusmenu.Event", 0, id, "clicked", dbus.MakeVariant(""), uint32(0)).Err; err != nil {
		t.Fatalf("click %d: %v", id, err)
	}
}

// shows waits until the menu's headline begins so, its items are enabled so, and the panel has the glyph.
func (i *icon) shows(t testing.TB, glyph, headline string, start, stop bool) {
	t.Helper()
	eventually(t, "the tray shows "+glyph, func() error {
		all, err := i.entries()
		if err != nil {
			return err
		}
		if len(all) < 5 || !strings.HasPrefix(all[0].Label, headline) {
			return fmt.Errorf("the menu is %v", all)
		}
		for n, want := range []entry{
			{Enabled: false},
			{Label: "Start engine", Enabled: start},
			{Label: "Stop engine", Enabled: stop},
		} {
			if got := all[n]; got.Enabled != want.Enabled || want.Label != "" && got.Label != want.Label {
				return fmt.Errorf("the menu is %v", all)
			}
		}
		return i.wears(glyph)
	})
}

// wears compares the file that the panel shows with the drawing that we ship.
func (i *icon) wears(glyph string) error {
	v, err := i.item.GetProperty("org.kde.StatusNotifierItem.IconName")
	if err != nil {
		return err
	}
	name, _ := v.Value().(string)
	got, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read the icon that the panel shows: %w", err)
	}
	want, _, err := assets.TrayIcon(glyph)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the panel does not show the glyph of %s", glyph)
	}
	return nil
}
