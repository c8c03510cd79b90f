package paths

import (
	"os"
	"path/filepath"
	"testing"
)

func TestSocketsAreWhereTheDaemonSaysOrTheSessionIs(t *testing.T) {
	session, other := t.TempDir(), t.TempDir()
	gone := filepath.Join(t.TempDir(), "gone")
	for _, c := range []struct {
		name, session, said string
		root                bool
		want                func(state string) string
	}{
		{"a session", session, "", false, func(string) string { return filepath.Join(session, "berth") }},
		{"no session", gone, "", false, func(state string) string { return filepath.Join(state, "run") }},
		{"root needs none", gone, "", true, func(string) string { return filepath.Join(gone, "berth") }},
		{"a daemon of another session", session, other, false, func(string) string { return other }},
		{"a session that has ended", session, gone, false, func(string) string { return filepath.Join(session, "berth") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := t.TempDir()
			if c.said != "" {
				if err := os.WriteFile(Paths{State: state}.RuntimeMark(), []byte(c.said), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := runtime(state, c.session, "berth", c.root), c.want(state); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}
