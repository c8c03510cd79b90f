package house_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/berth-desktop/berth"

type pkg struct {
	ImportPath string
	Name, Doc  string
	Imports    []string
	Deps       []string
}

// packages lists our own packages for Linux, as the untagged and the desktop build see them.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-tags", "desktop,production,webkit2_41", "-json=ImportPath,Name,Doc,Imports,Deps", module+"/...")
	cmd.Dir = root(t)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A wall: packages under inside must not reach any package under these, not even through others.
type wall struct {
	why    string
	inside []string
	except []string
	reach  []string
}

func walls() []wall {
	return []wall{
		{
			// Command line and tray also use backend/diagnostics and backend/dockercontext, which have to work while the
			// daemon is down or hangs. So these are faces here too.
			why:    "faces are clients of the API",
			inside: []string{module + "/app", module + "/backend/client", module + "/backend/diagnostics", module + "/backend/dockercontext"},
			except: []string{module + "/app/cmd/berth", module + "/app/cmd/berth-lima"}, // the daemon's own main, and what links Lima for it
			reach: []string{
				module + "/backend/apiserver", module + "/backend/controllers", module + "/backend/engine",
				module + "/backend/mirror", module + "/vm", "github.com/moby/moby", "github.com/lima-vm/lima",
			},
		},
		{
			why:    "machines know no API",
			inside: []string{module + "/vm"},
			reach:  []string{module + "/backend", module + "/app", "k8s.io", "github.com/moby/moby"},
		},
		{
			why:    "mirror, controllers and apiserver meet in the API",
			inside: []string{module + "/backend/mirror"},
			reach:  []string{module + "/backend/controllers", module + "/backend/apiserver", module + "/vm", module + "/app"},
		},
		{
			why:    "mirror, controllers and apiserver meet in the API",
			inside: []string{module + "/backend/controllers"},
			reach:  []string{module + "/backend/mirror", module + "/backend/apiserver", module + "/app"},
		},
		{
			why:    "mirror, controllers and apiserver meet in the API",
			inside: []string{module + "/backend/apiserver"},
			reach:  []string{module + "/backend/mirror", module + "/backend/controllers", module + "/backend/engine", module + "/vm", module + "/app"},
		},
		{
			why:    "the API is data",
			inside: []string{module + "/backend/api"},
			except: []string{},
			reach: []string{
				module + "/backend/apiserver", module + "/backend/mirror", module + "/backend/controllers",
				module + "/backend/engine", module + "/vm", module + "/app", "k8s.io/apiserver",
			},
		},
		{
			why:    "the daemon draws nothing",
			inside: []string{module + "/backend", module + "/app/cmd/berth"},
			reach:  []string{"github.com/wailsapp/wails", "github.com/getlantern/systray"},
		},
	}
}

func under(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return path == r || strings.HasPrefix(path, r+"/") })
}

func TestWallsHold(t *testing.T) {
	all := packages(t)
	for _, w := range walls() {
		for _, p := range all {
			if !under(p.ImportPath, w.inside) || slices.Contains(w.except, p.ImportPath) || strings.HasSuffix(p.ImportPath, "test") {
				continue
			}
			for _, d := range p.Deps {
				if under(d, w.reach) && !under(d, []string{p.ImportPath}) {
					t.Errorf("%s reaches %s: %s", p.ImportPath, d, w.why)
				}
			}
		}
	}
}

func TestForeignTonguesAreSpokenInOneRoom(t *testing.T) {
	rooms := map[string][]string{
		"github.com/moby/moby":          {module + "/backend/engine"},
		"github.com/lima-vm/lima":       {module + "/vm/lima"},
		"github.com/wailsapp/wails":     {module + "/app"},
		"github.com/getlantern/systray": {module + "/app/tray", module + "/app/cmd/berth-tray"},
	}
	for _, p := range packages(t) {
		for _, d := range p.Imports {
			for lib, room := range rooms {
				if under(d, []string{lib}) && !under(p.ImportPath, room) {
					t.Errorf("%s imports %s, which is spoken in %s only", p.ImportPath, d, strings.Join(room, ", "))
				}
			}
		}
	}
}

func TestEveryPackageSaysWhatItProvides(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" && !strings.Contains(p.ImportPath, "/applyconfiguration") && !strings.HasSuffix(p.ImportPath, "/openapi") {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// Anything in backticks that looks like a path of this repository must be one.
func TestDocumentsNameOnlyPathsThatExist(t *testing.T) {
	top := root(t)
	for _, doc := range []string{"ARCHITECTURE.md", "README.md", "CONTRIBUTING.md"} {
		text, err := os.ReadFile(filepath.Join(top, doc))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codeSpan.FindAllStringSubmatch(string(text), -1) {
			path := strings.TrimSuffix(m[1], "/")
			first, _, nested := strings.Cut(path, "/")
			if !nested || strings.ContainsAny(path, " *<{=:@$~") || first == "bin" {
				continue
			}
			if _, err := os.Stat(filepath.Join(top, first)); err != nil {
				continue // not about this tree, such as an API group or a URL
			}
			if _, err := os.Stat(filepath.Join(top, path)); err != nil {
				t.Errorf("%s names %s, which is not there", doc, m[1])
			}
		}
	}
}

func TestArchitectureFitsOnThreeScreens(t *testing.T) {
	if n := len(lines(t, filepath.Join(root(t), "ARCHITECTURE.md"))); n > 120 {
		t.Errorf("ARCHITECTURE.md has %d lines, and 120 are what a newcomer reads", n)
	}
}

func TestFilesAreNotTooFull(t *testing.T) {
	const limit = 400
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "--cached", "--others", "--exclude-standard", "*.go", "*.ts", "*.svelte")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	generated := regexp.MustCompile(`zz_generated|\.gen\.|/wailsjs/|/applyconfiguration/`)
	for f := range strings.Lines(string(out)) {
		f = strings.TrimSpace(f)
		if generated.MatchString(f) {
			continue
		}
		path := filepath.Join(root(t), f)
		if _, err := os.Stat(path); err != nil {
			continue // deleted, not yet committed
		}
		if n := len(lines(t, path)); n > limit {
			t.Errorf("%s has %d lines: more than %d is a room with too much in it", f, n, limit)
		}
	}
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		all = append(all, s.Text())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
