// Command berth is Berth's command line, and its daemon: `berth serve`.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/berth-desktop/berth/app/cli"
	"github.com/berth-desktop/berth/backend"
	"github.com/berth-desktop/berth/backend/paths"
	"github.com/berth-desktop/berth/frontend"
)

// version is set by the linker.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second signal ends us at once
	v := stamp()
	c := cli.New(cli.Config{
		Serve: func(ctx context.Context, p paths.Paths, log *slog.Logger) error {
			return backend.Run(ctx, backend.Config{Paths: p, Version: v, Assets: frontend.Dist(), Getenv: os.Getenv, Log: log})
		},
		Erase: func(ctx context.Context, p paths.Paths, log *slog.Logger) error {
			return backend.Erase(ctx, backend.Config{Paths: p, Version: v, Assets: frontend.Dist(), Getenv: os.Getenv, Log: log})
		},
		Version: v,
		Getenv:  os.Getenv,
		Environ: os.Environ(),
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
	})
	os.Exit(c.Run(ctx, os.Args[1:]))
}

// stamp is this program's version: what the build said, or else what the toolchain knows.
func stamp() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "dev-" + strings.TrimSpace(s.Value[:min(12, len(s.Value))])
		}
	}
	return "dev"
}
