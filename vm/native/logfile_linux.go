package native

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
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
