package paths_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/berth-desktop/berth/backend/paths"
)

func env(m map[string]string) func(string) string { return func(k string) string { return m[k] } }

func TestFromEnvironmentRefusesWhatCannotWork(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"an instance that is no name":   {map[string]string{paths.EnvInstance: "../up"}, "is not a name"},
		"an instance of 33 letters":     {map[string]string{paths.EnvInstance: strings.Repeat("a", 33)}, "is not a name"},
		"a home too long for a socket":  {map[string]string{paths.EnvHome: "/" + strings.Repeat("x", 120)}, "shorter folder"},
		"an instance starting with '-'": {map[string]string{paths.EnvInstance: "-a"}, "is not a name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := paths.FromEnvironment(env(c.env))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func TestInstancesUnderOneHomeAreApart(t *testing.T) {
	home := t.TempDir()
	a, err := paths.FromEnvironment(env(map[string]string{paths.EnvHome: home}))
	if err != nil {
		t.Fatal(err)
	}
	b, err := paths.FromEnvironment(env(map[string]string{paths.EnvHome: home, paths.EnvInstance: "other"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []struct{ a, b string }{{a.Lock(), b.Lock()}, {a.EngineData(), b.EngineData()}, {a.Kubeconfig(), b.Kubeconfig()}} {
		if p.a == p.b {
			t.Errorf("both instances use %s", p.a)
		}
		if !strings.HasPrefix(p.a, home+string(filepath.Separator)) || !strings.HasPrefix(p.b, home+string(filepath.Separator)) {
			t.Errorf("%s or %s is outside of %s", p.a, p.b, home)
		}
	}
}
