package registrylogin_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/registrylogin"
)

// helper answers as docker's credential helpers do, for one registry.
const helper = `#!/bin/sh
read -r key
[ "$1 $key" = "get helped.example" ] || { echo "credentials not found in native keychain"; exit 1; }
echo '{"ServerURL":"helped.example","Username":"ann","Secret":"s3cret"}'
`

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestLoginsAreThoseOfDocker(t *testing.T) {
	dir, bin := t.TempDir(), t.TempDir()
	write(t, filepath.Join(bin, "docker-credential-test"), helper, 0o700)
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	write(t, filepath.Join(dir, "config.json"), `{
		"auths": {"https://index.docker.io/v1/": {"auth": "aHViOnB3"}, "own.example:5000": {"auth": "b3duOnB3"}},
		"credHelpers": {"helped.example": "test", "unknown.example": "test", "broken.example": "is-not-there"}
	}`, 0o600)
	for ref, want := range map[string]engine.Login{
		"busybox":                   {Username: "hub", Password: "pw"},
		"docker.io/owner/name:1":    {Username: "hub", Password: "pw"},
		"own.example:5000/name":     {Username: "own", Password: "pw"},
		"other.example/name":        {},
		"helped.example/owner/name": {Username: "ann", Password: "s3cret"},
		"unknown.example/name":      {},
	} {
		got, err := registrylogin.For(t.Context(), dir, ref)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", ref, diff)
		}
	}
	if _, err := registrylogin.For(t.Context(), dir, "broken.example/name"); err == nil {
		t.Error("a helper that is not there is no error")
	}
	if got, err := registrylogin.For(t.Context(), t.TempDir(), "busybox"); err != nil || got != (engine.Login{}) {
		t.Errorf("without settings there is %v, %v", got, err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	write(t, filepath.Join(bin, "docker-credential-test"), "#!/bin/sh\nexec sleep 2\n", 0o700)
	if _, err := registrylogin.For(gone, dir, "helped.example/name"); !errors.Is(err, context.Canceled) {
		t.Errorf("a helper that takes its time gives %v", err)
	}
}
