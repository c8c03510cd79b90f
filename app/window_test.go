package app

import (
	"testing"

	"github.com/berth-desktop/berth/backend/paths"
)

func TestEachInstanceHasItsOwnWebview(t *testing.T) {
	name := func(env map[string]string) string {
		p, err := paths.FromEnvironment(func(key string) string { return env[key] })
		if err != nil {
			t.Fatal(err)
		}
		return programName(p)
	}
	usual := name(nil)
	if usual != "berth-desktop" {
		t.Errorf("the usual instance is %q, which its launcher does not know", usual)
	}
	seen := map[string]bool{usual: true}
	for _, env := range []map[string]string{
		{paths.EnvInstance: "other"}, {paths.EnvHome: "/a"}, {paths.EnvHome: "/b"}, {paths.EnvHome: "/a", paths.EnvInstance: "other"},
	} {
		n := name(env)
		if seen[n] {
			t.Errorf("%v shares the folder %s with another instance", env, n)
		}
		seen[n] = true
		if again := name(env); again != n {
			t.Errorf("%v is %s, and the next time %s", env, n, again)
		}
	}
}
