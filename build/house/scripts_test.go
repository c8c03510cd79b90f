package house_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What a script needs and does not find it names, with what to run.
func TestScriptsSayWhatIsMissing(t *testing.T) {
	always := []string{"bash", "dirname", "cat"}
	for name, c := range map[string]struct {
		script string
		args   []string
		tools  []string // on the machine, besides bash and the like
		want   string
		code   int
	}{
		"no go":                  {"deps.sh", []string{"build"}, nil, "Berth needs go: install Go 1.26", 1},
		"no node":                {"deps.sh", []string{"build"}, []string{"go"}, "Berth needs node: install Node.js", 1},
		"no npm":                 {"deps.sh", []string{"build"}, []string{"go", "node"}, "Berth needs npm: install npm", 1},
		"no apt":                 {"deps.sh", []string{"engine"}, []string{"go", "node", "npm"}, "Berth needs these Debian packages or their equals on this system: docker.io", 1},
		"no such group":          {"deps.sh", []string{"everything"}, []string{"go", "node", "npm"}, "no group everything", 2},
		"no mmdebstrap":          {"engines.sh", nil, nil, "mmdebstrap is missing: apt install mmdebstrap", 2},
		"no such suite":          {"test.sh", []string{"everything"}, []string{"mkdir"}, "no suite everything: use go, page, desktop", 2},
		"no such figures":        {"bench.sh", []string{"everything"}, []string{"git", "nproc", "awk", "cut"}, "no figures called everything: use mirror", 2},
		"no guest agent is told": {"../vm/image/build.sh", nil, nil, "usage: build.sh GUESTAGENT", 1},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			for _, tool := range append(c.tools, always...) {
				at, err := exec.LookPath(tool)
				if err != nil {
					at = "/bin/true" // it only has to be there
				}
				if err := os.Symlink(at, filepath.Join(path, tool)); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.CommandContext(t.Context(), filepath.Join(path, "bash"), append([]string{filepath.Join(root(t), "build", c.script)}, c.args...)...)
			cmd.Env = []string{"PATH=" + path, "HOME=" + path}
			var said bytes.Buffer
			cmd.Stdout, cmd.Stderr = &said, &said
			err := cmd.Run()
			var ended *exec.ExitError
			if !errors.As(err, &ended) || ended.ExitCode() != c.code {
				t.Errorf("it ends with %v, want exit status %d", err, c.code)
			}
			if !strings.Contains(said.String(), c.want) {
				t.Errorf("it says:\n%s\nwant: %s", said.String(), c.want)
			}
		})
	}
}
