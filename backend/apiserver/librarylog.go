package apiserver

import (
	"context"
	"log/slog"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
)

// libraryLog carries what the Kubernetes libraries log. What they call information is of interest to who debugs them.
type libraryLog struct{ slog.Handler }

// routeLibraryLog sends klog to log. klog is one for all of the process and setting it is not safe for concurrent use,
// so the first server of a process sets it and the others leave it.
func routeLibraryLog(log *slog.Logger) {
	if _, done := logr.ToSlogHandler(klog.Background()).(libraryLog); done {
		return
	}
	klog.SetSlogLogger(slog.New(libraryLog{log.With("source", "kubernetes").Handler()}))
}

func (l libraryLog) Enabled(ctx context.Context, level slog.Level) bool {
	return l.Handler.Enabled(ctx, lowered(level))
}

func (l libraryLog) Handle(ctx context.Context, r slog.Record) error {
	r.Level = lowered(r.Level)
	return l.Handler.Handle(ctx, r)
}

func (l libraryLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return libraryLog{l.Handler.WithAttrs(attrs)}
}

func (l libraryLog) WithGroup(name string) slog.Handler { return libraryLog{l.Handler.WithGroup(name)} }

func lowered(level slog.Level) slog.Level {
	if level < slog.LevelWarn {
		return min(level, slog.LevelDebug)
	}
	return level
}
