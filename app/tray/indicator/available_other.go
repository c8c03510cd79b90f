//go:build !linux

package indicator

import "context"

// available returns nil: these systems always have a place for icons.
func available(context.Context, func(string) string) error { return nil }
