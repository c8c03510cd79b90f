//go:build !linux

package notify

import (
	"context"
	"errors"
)

// Bus shows nothing: on this system Berth has no notifications yet.
type Bus struct{}

// NewDesktop says that there are none here.
func NewDesktop(context.Context) (*Bus, error) {
	return nil, errors.New("Berth has no notifications on this system yet") //nolint:staticcheck // a name
}

// Close implements io.Closer.
func (*Bus) Close() error { return nil }

// Show implements Desktop.
func (*Bus) Show(context.Context, Notice) error { return nil }

// Clicks implements Desktop.
func (*Bus) Clicks() <-chan string { return nil }
