package native

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"
)

const (
	maxLog   = 5 << 20
	tailSize = 20 // lines
)

// openLog opens the engine's log for the programs to write to; one that has grown large becomes the one old log that
// is kept. It returns where this run begins.
func openLog(path string) (*os.File, int64, error) {
	if info, err := os.Lstat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, 0, fmt.Errorf("put the old log aside: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, 0, fmt.Errorf("open the engine's log: %w", err)
	}
	at, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("open the engine's log: %w", err), f.Close())
	}
	return f, at, nil
}

// capLog puts aside what a running engine has written, once that is too much. The engine goes on in the same file, which
// it opened to append to. What it writes between the copy and the cut is lost.
func capLog(path string, most int64) error {
	info, err := os.Stat(path)
	if err != nil || info.Size() <= most {
		return err
	}
	from, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path+".1", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, io.NewSectionReader(from, max(0, info.Size()-most), most)) // a burst may have been much more
	// Cut even if the disk had no room for the copy: all the more then.
	return errors.Join(err, to.Close(), from.Truncate(0))
}

// keepLogSmall looks after the log of a running engine until ctx ends.
func keepLogSmall(ctx context.Context, path string, log *slog.Logger) {
	const often = time.Minute
	tick := time.NewTicker(often)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := capLog(path, maxLog); err != nil {
			log.Warn("The engine's log could not be put aside", "file", path, "error", err)
		}
	}
}

// tail reads the last lines of the log that were written after start. A log that cannot be read explains nothing.
func tail(path string, start int64) []string {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil
	}
	if start > size {
		start = 0 // it was put aside meanwhile
	}
	from := max(start, size-64<<10)
	b, err := io.ReadAll(io.NewSectionReader(f, from, size-from))
	if err != nil || len(b) == 0 {
		return nil
	}
	lines := strings.Split(strings.TrimRight(string(b), "\n"), "\n")
	if from > start {
		lines = lines[1:] // it was cut
	}
	return lines[max(0, len(lines)-tailSize):]
}
