package house_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Whoever runs the tests has a Berth and a docker of their own. So no test asks where this user's folders are: each gives
// what it starts folders that it has made. Those that have to ask are listed here, with what keeps them from harm.
func TestNoTestAsksForTheFoldersOfWhoeverRunsIt(t *testing.T) {
	asks := regexp.MustCompile(`os\.User(Home|Config|Cache)Dir\(|FromEnvironment\(os\.Getenv\)`)
	harmless := map[string]string{
		"backend/client/client_test.go": "it is the daemon that the test starts with a BERTH_HOME",
		"backend/kill_test.go":          "it is the daemon that the test starts with a BERTH_HOME",
		"vm/lima/real_test.go":          "it reads Lima's cache of images, as the machine does that it makes",
	}
	at := root(t)
	for _, folder := range []string{"app", "backend", "vm", "build"} {
		err := filepath.WalkDir(filepath.Join(at, folder), func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			name, err := filepath.Rel(at, path)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path) //nolint:gosec // the project's own
			if err != nil {
				return err
			}
			found := asks.Find(text)
			_, excused := harmless[filepath.ToSlash(name)]
			switch {
			case found != nil && !excused:
				t.Errorf("%s calls %s: give what it tests a folder of t.TempDir", name, found)
			case found == nil && excused:
				t.Errorf("%s asks no more: take it off the list", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
