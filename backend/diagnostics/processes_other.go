//go:build !linux

package diagnostics

import (
	"context"
	"errors"
)

var errNotHere = errors.New("not collected on this system")

func collectProcesses(context.Context, *collection) ([]file, error) { return nil, errNotHere }

func collectMemory(context.Context, *collection) ([]file, error) { return nil, errNotHere }
