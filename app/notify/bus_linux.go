package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/godbus/dbus/v5"
)

const (
	service = "org.freedesktop.Notifications"
	// patience is how long the desktop may take for a notice.
	patience = 5 * time.Second
	longest  = 300
)

// Bus shows notices over the session bus, as freedesktop's specification has it.
type Bus struct {
	conn    *dbus.Conn
	signals chan *dbus.Signal
	clicks  chan string
	done    sync.WaitGroup

	mu    sync.Mutex
	ids   map[string]uint32 // by cause
	links map[uint32]string
}

// NewDesktop connects to the session bus. Close disconnects.
func NewDesktop(ctx context.Context) (*Bus, error) {
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("there is no session bus, over which notifications are shown: %w", err)
	}
	if err := errors.Join(conn.Auth(nil), conn.Hello(), conn.AddMatchSignal(dbus.WithMatchInterface(service))); err != nil {
		return nil, errors.Join(fmt.Errorf("the session bus does not answer: %w", err), conn.Close())
	}
	b := &Bus{
		conn: conn, signals: make(chan *dbus.Signal, 16), clicks: make(chan string),
		ids: map[string]uint32{}, links: map[uint32]string{},
	}
	conn.Signal(b.signals)
	b.done.Go(func() { b.listen(ctx) })
	return b, nil
}

// Close disconnects, after ctx has ended.
func (b *Bus) Close() error {
	err := b.conn.Close() // closes signals
	b.done.Wait()
	return err
}

// Clicks implements Desktop.
func (b *Bus) Clicks() <-chan string { return b.clicks }

// Show implements Desktop.
func (b *Bus) Show(ctx context.Context, n Notice) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	urgency := byte(1)
	if n.Urgent {
		urgency = 2
	}
	hints := map[string]dbus.Variant{"urgency": dbus.MakeVariant(urgency), "desktop-entry": dbus.MakeVariant("berth-desktop")}
	b.mu.Lock()
	defer b.mu.Unlock()
	var id uint32
	err := b.conn.Object(service, "/org/freedesktop/Notifications").CallWithContext(ctx, service+".Notify", 0,
		"Berth", b.ids[n.Cause], "berth", line(n.Title), markup(line(n.Body)), []string{"default", "Open"}, hints, int32(-1),
	).Store(&id)
	if err != nil {
		return fmt.Errorf("show a notification: %w", err)
	}
	b.ids[n.Cause], b.links[id] = id, n.Link
	return nil
}

// listen takes what the user does with notices.
func (b *Bus) listen(ctx context.Context) {
	for s := range b.signals {
		if len(s.Body) < 2 {
			continue
		}
		id, ok := s.Body[0].(uint32)
		if !ok {
			continue
		}
		switch s.Name {
		case service + ".ActionInvoked":
			if link := b.linkOf(id); link != "" {
				select {
				case b.clicks <- link:
				case <-ctx.Done():
				}
			}
		case service + ".NotificationClosed":
			b.forget(id)
		}
	}
}

func (b *Bus) linkOf(id uint32) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.links[id]
}

func (b *Bus) forget(id uint32) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.links, id)
	for cause, is := range b.ids {
		if is == id {
			delete(b.ids, cause)
		}
	}
}

// markup has a text stand as it is where others may be bold.
func markup(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// line makes one line of what may come from an engine, without characters that steer.
func line(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	runes := []rune(strings.Join(words, " "))
	return string(runes[:min(len(runes), longest)])
}
