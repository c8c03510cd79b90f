package tray

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-desktop/berth/backend/paths"
)

func TestOpeningTheWindow(t *testing.T) {
	for name, c := range map[string]struct {
		programs map[string]string // name and what it does
		want     string            // of the error; "" for none
	}{
		"a window":             {map[string]string{"berth-desktop": `[ "$1" = berth://settings ]`, "berth": "exit 1"}, ""},
		"no window, a browser": {map[string]string{"berth": `[ "$1" = ui ]`}, ""},
		"a window that fails":  {map[string]string{"berth-desktop": "echo no WebKit >&2; exit 1"}, "no WebKit"},
		"a thing that is gone": {map[string]string{"berth-desktop": "echo no such container >&2; exit 2"}, ""}, // the window says so
		"a silent failure":     {map[string]string{"berth-desktop": "exit 3"}, "berth-desktop: exit status 3"},
		"nothing installed":    {nil, "install Berth again"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			find := func(program string) (string, error) {
				if path := filepath.Join(dir, program); c.programs[program] != "" {
					return path, nil
				}
				return "", errors.New("install Berth again")
			}
			w := Window{Find: find, Env: os.Environ(), Paths: paths.Paths{State: t.TempDir(), Runtime: t.TempDir()}}
			for program, does := range c.programs {
				if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+does+"\n"), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			err := w.Open(t.Context(), "berth://settings")
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			}
			if err := w.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
