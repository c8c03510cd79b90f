package history_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/berth-desktop/berth/backend/controllers/app/history"
)

func open(path string) *history.History { return history.New(path, slog.New(slog.DiscardHandler)) }

func TestMedianIsOfTheLastRuns(t *testing.T) {
	tests := map[string]struct {
		runs []time.Duration
		want int64
	}{
		"none":                       {nil, 0},
		"one":                        {[]time.Duration{1500 * time.Millisecond}, 1500},
		"two, halfway":               {[]time.Duration{time.Second, 2 * time.Second}, 1500},
		"three, and a freak":         {[]time.Duration{time.Second, time.Hour, 2 * time.Second}, 2000},
		"too short to be measured":   {[]time.Duration{time.Microsecond}, 1},
		"the first ten are past now": {append(repeat(10, time.Hour), repeat(9, time.Second)...), 1000},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "startup.json")
			for _, d := range tt.runs {
				if err := open(path).Add(map[string]time.Duration{"step": d}); err != nil { // each daemon adds one
					t.Fatal(err)
				}
			}
			if got := open(path).Median("step"); got != tt.want {
				t.Errorf("median is %d ms, want %d", got, tt.want)
			}
		})
	}
}

func repeat(n int, d time.Duration) (all []time.Duration) {
	for range n {
		all = append(all, d)
	}
	return all
}

func TestFileThatCannotBeUsedIsPutAside(t *testing.T) {
	for name, text := range map[string]string{
		"empty":           "",
		"half of it":      `{"version":1,"millis":{"st`,
		"newer version":   `{"version":2,"millis":{"step":[1]}}`,
		"something else":  `["a"]`,
		"no version":      `{"millis":{"step":[1]}}`,
		"another's types": `{"version":1,"millis":{"step":"fast"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "startup.json")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			h := open(path)
			if got := h.Median("step"); got != 0 {
				t.Errorf("median is %d of a file that cannot be used", got)
			}
			if err := h.Add(map[string]time.Duration{"step": time.Second}); err != nil {
				t.Fatal(err)
			}
			if kept, err := os.ReadFile(path + ".bad"); err != nil || string(kept) != text {
				t.Errorf("kept %q, %v; want %q", kept, err, text)
			}
			if got := open(path).Median("step"); got != 1000 {
				t.Errorf("the next median is %d", got)
			}
		})
	}
}

func TestHistoryThatCannotBeWrittenSaysSo(t *testing.T) {
	h := open(filepath.Join(t.TempDir(), "nowhere", "startup.json"))
	if err := h.Add(map[string]time.Duration{"step": time.Second}); err == nil {
		t.Error("it was written where there is no folder")
	}
	if got := h.Median("step"); got != 1000 {
		t.Errorf("this daemon still knows %d, want 1000", got)
	}
}

func TestNextDaemonSweepsUpAfterOneThatWasKilled(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "startup.json")
	for _, name := range []string{".startup.json-1234", ".startup.json-5", ".startup.json", "startup.json-6", ".app.json-7"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := open(path).Add(map[string]time.Duration{"step": time.Second}); err != nil {
		t.Fatal(err)
	}
	var left []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{".app.json-7", ".startup.json", "startup.json", "startup.json-6"}
	if !slices.Equal(left, want) {
		t.Errorf("%q is left, want %q", left, want)
	}
}
