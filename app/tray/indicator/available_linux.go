package indicator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	watcher = "org.kde.StatusNotifierWatcher"
	// grace is how long a panel may take to come up after us when a session begins.
	grace = 10 * time.Second
)

// available returns nil once a panel can show an icon, and says why none ever will. The library beneath exits without
// a display, starts a bus of its own without one, and is silent without a panel.
func available(ctx context.Context, getenv func(string) string) error {
	if getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("there is no display to show an icon on")
	}
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("there is no session bus, over which an icon reaches the panel: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := errors.Join(conn.Auth(nil), conn.Hello()); err != nil {
		return fmt.Errorf("the session bus does not answer: %w", err)
	}
	return awaitPanel(ctx, conn)
}

func awaitPanel(ctx context.Context, conn *dbus.Conn) error {
	if err := conn.AddMatchSignal(
		dbus.WithMatchInterface("org.freedesktop.DBus"), dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcher),
	); err != nil {
		return fmt.Errorf("ask the session bus for a panel: %w", err)
	}
	changes := make(chan *dbus.Signal, 8)
	conn.Signal(changes)
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	for {
		var there bool
		if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcher).Store(&there); err == nil && there {
			return nil
		}
		select {
		case <-changes:
		case <-ctx.Done():
			return errors.New("no panel shows icons here: on GNOME the extension AppIndicator does; Berth works without one")
		}
	}
}
