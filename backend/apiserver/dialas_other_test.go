//go:build !linux

package apiserver

import (
	"context"
	"net"
)

func dialAs(ctx context.Context, _ int, path string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, "unix", path)
}
