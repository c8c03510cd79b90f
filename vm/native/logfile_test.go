//go:build linux

package native

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The engine holds the file open: it is to go on writing to the one that is looked at.
func TestALogIsPutAsideWhileTheEngineWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine.log")
	engine, start, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	say := func(line string) {
		if _, err := engine.WriteString(line + "\n"); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{"one", "two"} {
		say(line)
	}
	if err := capLog(path, 8); err != nil { // as small as it may be
		t.Fatal(err)
	}
	if got := tail(path, start); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("a log that is small enough was cut: %q", got)
	}
	say("three")
	if err := capLog(path, 8); err != nil {
		t.Fatal(err)
	}
	say("four")
	if got := tail(path, 14); !slices.Equal(got, []string{"four"}) {
		t.Errorf("the log holds %q", got)
	}
	if old, err := os.ReadFile(path + ".1"); err != nil || string(old) != "o\nthree\n" {
		t.Errorf("put aside: %q, %v", old, err)
	}
	if err := capLog(filepath.Join(t.TempDir(), "none"), 8); err == nil {
		t.Error("a log that is not there was put aside")
	}
}
