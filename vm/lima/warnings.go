package lima

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// What there can be to warn of; ports have a key of their own each.
const (
	warnAccel    = "slow" // comes last: nobody can do much about it
	warnDegraded = "degraded"
	warnDisk     = "disk"
	warnDeaf     = "deaf"
	warnPort     = "port "
)

// warnings are what works less well than it should. Its zero value has none.
type warnings struct {
	mu  sync.Mutex
	all map[string]string
}

// set replaces the warning of that key; an empty text takes it back.
func (w *warnings) set(key, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if text == "" {
		delete(w.all, key)
		return
	}
	if w.all == nil {
		w.all = make(map[string]string)
	}
	w.all[key] = text
}

func (w *warnings) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(w.all)) {
		lines = append(lines, w.all[key])
	}
	return strings.Join(lines, "\n")
}
