package app

import (
	"errors"

	"github.com/berth-desktop/berth/app/instance"
)

// ErrNowhere says that a window was shown, and not the page that was asked for: there is no such page or thing, as the
// window says.
type ErrNowhere struct{ why error }

// Error implements error.
func (e ErrNowhere) Error() string { return e.why.Error() }

// Unwrap gives the reason.
func (e ErrNowhere) Unwrap() error { return e.why }

// nowhere is nil where nothing is wrong.
func nowhere(why error) error {
	if why == nil {
		return nil
	}
	return ErrNowhere{why}
}

// ExitCode is that of a program that ends with err. Whoever has opened the window is told in it of a link that leads
// nowhere, so that it can be told from a window that did not open.
func ExitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.As(err, &ErrNowhere{}):
		return instance.ExitNowhere
	default:
		return 1
	}
}
