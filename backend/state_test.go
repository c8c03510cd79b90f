package backend_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/backend"
	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/paths"
)

// contents are the files below a folder, by name; times and sockets do not count.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// runInVain runs a daemon that should end by itself.
func runInVain(t *testing.T, home string) error {
	t.Helper()
	vars := map[string]string{paths.EnvHome: home, "DOCKER_CONFIG": filepath.Join(home, "docker")}
	getenv := func(k string) string { return vars[k] }
	p, err := paths.FromEnvironment(getenv)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return backend.Run(ctx, backend.Config{Paths: p, Version: "test", Assets: fstest.MapFS{"index.html": {}}, Getenv: getenv, Log: slog.New(slog.DiscardHandler)})
}

// A folder that cannot be used is refused, in words, and stays as it is. The mounts need root.
func TestStateThatCannotBeUsedIsLeftAlone(t *testing.T) {
	mount := func(t *testing.T, p, data string, flags uintptr) {
		t.Helper()
		if err := syscall.Mount("tmpfs", p, "tmpfs", flags, data); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(p, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, state string)
		is    error
		says  string
	}{
		"marked by a newer version": {
			spoil: func(t *testing.T, state string) {
				write(t, filepath.Join(state, "version.json"), `{"format":2,"version":"v9.9"}`)
			},
			says: "written by a newer Berth, v9.9",
		},
		"an App of a newer version": {
			spoil: func(t *testing.T, state string) {
				app := filepath.Join(state, "objects", "apps", "app.json")
				text, err := os.ReadFile(app)
				if err != nil {
					t.Fatal(err)
				}
				write(t, app, strings.Replace(string(text), appv1.SchemeGroupVersion.Version, "v9", 1))
			},
			says: "written by a newer Berth (it is of API version app.berth.desktop/v9)",
		},
		"a full disk": {
			spoil: func(t *testing.T, state string) {
				mount(t, state, "size=64k", 0)
				if err := os.WriteFile(filepath.Join(state, "ballast"), make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
					t.Fatalf("the disk is not full: %v", err)
				}
			},
			is: syscall.ENOSPC, says: "no space left on device",
		},
		"a read-only disk": {
			spoil: func(t *testing.T, state string) { mount(t, state, "", syscall.MS_RDONLY) },
			is:    syscall.EROFS, says: "read-only file system",
		},
	} {
		t.Run(name, func(t *testing.T) {
			home := shortTemp(t)
			_, end := daemon(t, home)
			end()
			state := filepath.Join(home, "state")
			c.spoil(t, state)
			before := contents(t, state)
			err := runInVain(t, home)
			if err == nil || !strings.Contains(err.Error(), c.says) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v, want %q", err, c.says)
			}
			after := contents(t, state)
			delete(after, filepath.Join(state, "version.json")) // whose version is known
			delete(before, filepath.Join(state, "version.json"))
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the state was touched (-before +after):\n%s", diff)
			}
		})
	}
}
