// Package history remembers how long the steps of a start took on this machine, so that a face can tell a slow start
// from a usual one.
package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// keep is how many runs of a step are remembered: enough for a median, few enough to follow a change of the machine.
	keep = 9
	// format is the version of the file.
	format = 1
)

// content is the file.
type content struct {
	Version int `json:"version"`
	// Millis are the last durations of each step, oldest first.
	Millis map[string][]int64 `json:"millis"`
}

// History is a file of durations. Its methods may be called from any goroutine.
type History struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex // guards what follows
	millis map[string][]int64
}

// New returns the history that is kept at path. It touches nothing yet.
func New(path string, log *slog.Logger) *History { return &History{path: path, log: log} }

// Median is what a step usually takes, in whole milliseconds, and 0 if it has not been seen. What is at path but cannot
// be used counts as nothing seen.
func (h *History) Median(step string) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.load()
	runs := slices.Sorted(slices.Values(h.millis[step]))
	if len(runs) == 0 {
		return 0
	}
	return max(1, (runs[(len(runs)-1)/2]+runs[len(runs)/2])/2)
}

// Add remembers one run of some steps.
func (h *History) Add(took map[string]time.Duration) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.load()
	for step, d := range took {
		runs := append(h.millis[step], d.Milliseconds())
		h.millis[step] = runs[max(0, len(runs)-keep):]
	}
	if err := h.save(); err != nil {
		return fmt.Errorf("remember how long a start took: %w", err)
	}
	return nil
}

// load reads the file once. One that is of no use, be it broken or a newer version's, is put aside.
func (h *History) load() {
	if h.millis != nil {
		return
	}
	h.millis = map[string][]int64{}
	h.sweep()
	text, err := os.ReadFile(h.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var c content
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err == nil && c.Version != format {
		err = fmt.Errorf("it is of version %d, and this is %d", c.Version, format)
	}
	if err != nil {
		aside := os.Rename(h.path, h.path+".bad")
		h.log.Warn("How long earlier starts took cannot be read", "file", h.path, "keptAs", h.path+".bad", "error", errors.Join(err, aside))
		return
	}
	for step, runs := range c.Millis {
		h.millis[step] = runs[max(0, len(runs)-keep):]
	}
}

// sweep removes what daemons left that were killed while they wrote. The daemon's lock sees to it that nobody writes now;
// what cannot be removed does no harm, and is tried again by the next daemon.
func (h *History) sweep() {
	dir := filepath.Dir(h.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // there is nothing yet, or save will say what is wrong
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || !strings.HasPrefix(e.Name(), h.tempPrefix()) {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			h.log.Debug("A file that was half written stays", "file", e.Name(), "error", err)
		}
	}
}

// tempPrefix begins the names of the files that save has not finished.
func (h *History) tempPrefix() string { return "." + filepath.Base(h.path) + "-" }

// save replaces the file as a whole: a daemon that is killed meanwhile leaves the old one.
func (h *History) save() error {
	text, err := json.Marshal(content{Version: format, Millis: h.millis})
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(h.path), h.tempPrefix()+"*")
	if err != nil {
		return err
	}
	_, err = temp.Write(append(text, '\n'))
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), h.path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return nil
}
