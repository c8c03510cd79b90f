package cli

import (
	"os"
	"strings"
	"testing"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/paths"
)

// Before data goes it is named, wherever it lies.
func TestWhatGoesIsNamedForEachHouse(t *testing.T) {
	for name, tc := range map[string]struct {
		provider appv1.Provider
		there    func(paths.Paths) []string
		engine   string // how the line of each begins; empty: there is none
		machine  string
	}{
		"only the engine":              {appv1.ProviderNative, nil, "2 containers", ""},
		"the engine, and a machine":    {appv1.ProviderNative, func(p paths.Paths) []string { return []string{p.Machines()} }, "2 containers", "all containers"},
		"only the machine":             {appv1.ProviderLima, nil, "", "2 containers"},
		"the machine, once the engine": {appv1.ProviderLima, func(p paths.Paths) []string { return []string{p.EngineData()} }, "all containers", "2 containers"},
	} {
		t.Run(name, func(t *testing.T) {
			p := paths.Paths{Data: t.TempDir()}
			if tc.there != nil {
				for _, dir := range tc.there(p) {
					if err := os.MkdirAll(dir, 0o700); err != nil {
						t.Fatal(err)
					}
				}
			}
			a := &appv1.App{Spec: appv1.AppSpec{ContainerEngine: appv1.ContainerEngine{Provider: tc.provider}}}
			told := houses(a, "2 containers", p)
			for where, begins := range map[string]string{p.EngineData(): tc.engine, p.Machines(): tc.machine} {
				got := ""
				for _, line := range told {
					if strings.HasSuffix(line, "in "+where) {
						got = line
					}
				}
				if (begins == "") != (got == "") || !strings.HasPrefix(got, begins) {
					t.Errorf("of %s it says %q, want a line that begins with %q", where, got, begins)
				}
			}
		})
	}
}
