package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestKeysThatLeaveASessionAreTakenOut(t *testing.T) {
	for typed, want := range map[string]struct {
		keys, passed string
		left         bool
	}{
		"ls\n":              {"ctrl-p,ctrl-q", "ls\n", false},
		"ls\x10\x11more":    {"ctrl-p,ctrl-q", "ls", true},
		"\x10ls\x10":        {"ctrl-p,ctrl-q", "\x10ls\x10", false},
		"\x10\x10\x11":      {"ctrl-p,ctrl-q", "\x10", true},
		"aab":               {"a,a,b", "", true},
		"aaab":              {"a,a,b", "a", true},
		"\x1cq":             {"ctrl-\\", "", true},
		"\x1dxx":            {"ctrl-],x", "", true},
		"\x00":              {"CTRL-@", "", true},
		"nothing special\t": {"ctrl-x", "nothing special\t", false},
	} {
		var k detachKeys
		if err := k.Set(want.keys); err != nil {
			t.Fatal(err)
		}
		for name, from := range map[string]io.Reader{
			"at once": strings.NewReader(typed), "one by one": iotest.OneByteReader(strings.NewReader(typed)),
		} {
			passed, err := io.ReadAll(&leaver{from: from, keys: k.bytes})
			if string(passed) != want.passed || errors.Is(err, errDetached) != want.left {
				t.Errorf("%q with %s, %s: passed on %q, %v", typed, want.keys, name, passed, err)
			}
		}
	}
}

func TestDetachKeysThatAreNoneAreRefused(t *testing.T) {
	for _, text := range []string{"", "ctrl-", "ctrl-1", "alt-x", "ctrl-p,", "pq"} {
		if err := new(detachKeys).Set(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}
