package docstest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var reasons = []string{"needs-desktop", "needs-download", "needs-root", "needs-source", "needs-terminal", "needs-two-engines", "loses-data"}

// derived pages are written by build/reference; their fences are usage lines, not commands.
var derived = []string{"docs/cli.md", "docs/api.md"}

func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// pages are the paths of all pages, from the repository's top.
func pages(t *testing.T) []string {
	t.Helper()
	found := []string{"README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"}
	docs, err := filepath.Glob(filepath.Join(repository(t), "docs", "*.md"))
	if err != nil || len(docs) == 0 {
		t.Fatalf("docs/ holds %d pages (%v)", len(docs), err)
	}
	for _, d := range docs {
		found = append(found, "docs/"+filepath.Base(d))
	}
	return found
}

func read(t *testing.T, page string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(repository(t), page))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// script is all that can be run of a page.
func script(t *testing.T, page string) string {
	t.Helper()
	var commands strings.Builder
	fenced, runs := false, false
	for line := range strings.Lines(read(t, page)) {
		info, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && fenced:
			fenced, runs = false, false
		case fence:
			fenced = true
			words := strings.Fields(info)
			if slices.Contains(words, "text") {
				continue
			}
			if len(words) == 0 || words[0] != "sh" || len(words) > 1 && !slices.Contains(reasons, words[1]) {
				t.Errorf("%s: a fence begins with %q, want sh, perhaps with one of %v, or text", page, info, reasons)
			}
			runs = len(words) == 1
		case runs:
			commands.WriteString(line)
		}
	}
	return commands.String()
}

func TestEveryCommandOnAPageWorks(t *testing.T) {
	programs := programs(t)
	for _, page := range pages(t) {
		if slices.Contains(derived, page) {
			continue
		}
		commands := script(t, page)
		if commands == "" {
			continue
		}
		t.Run(page, func(t *testing.T) {
			home := newHome(t, programs)
			if out, err := home.run(t, commands); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// programs is the folder of berth and berth-kubectl: the one that BERTH_BIN names, or else one that is built here.
func programs(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("BERTH_BIN"); dir != "" {
		return dir
	}
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-tags", "grpcnotrace", "-o", dir, "./app/cmd/berth", "./app/cmd/berth-kubectl")
	build.Dir = repository(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	return dir
}

type home struct{ dir string }

// newHome is a user's folder with Berth in it, its engine started, and the images that the pages speak of.
func newHome(t *testing.T, programs string) home {
	t.Helper()
	dir, err := os.MkdirTemp("", "doc") //nolint:usetesting // t.TempDir would make too long a path for a socket
	if err != nil {
		t.Fatal(err)
	}
	h := home{dir}
	if err := os.Symlink(programs, filepath.Join(dir, "bin")); err != nil {
		t.Fatal(err)
	}
	// The pages say kubectl; Berth brings one, so it need not be installed.
	if err := os.Mkdir(filepath.Join(dir, "path"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(programs, "berth-kubectl"), filepath.Join(dir, "path", "kubectl")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if out, err := h.run(t, `berth reset --yes >/dev/null 2>&1 || true; berth quit`); err != nil {
			t.Errorf("end the daemon: %v\n%s", err, out)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the home: %v", err)
		}
	})
	const images = `berth start
		mkdir -p root/bin && cp /bin/busybox root/bin/ && for a in sh httpd tar sleep cat ls; do ln -sf busybox root/bin/$a; done
		tar -C root -c . | docker -H "unix://$(berth paths engine-socket)" import -c 'CMD ["sleep","1000"]' - busybox
		tar -C root -c . | docker -H "unix://$(berth paths engine-socket)" import -c 'CMD ["httpd","-f","-p","80"]' - nginx`
	if out, err := h.run(t, images); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return h
}

// run gives commands to a shell in the home.
func (h home) run(t *testing.T, commands string) (string, error) {
	t.Helper()
	cmd := exec.Command("bash", "-eux", "-o", "pipefail", "-c", commands) //nolint:noctx // also while the test ends
	cmd.Dir = h.dir
	cmd.Env = []string{
		"PATH=" + filepath.Join(h.dir, "path") + ":" + filepath.Join(h.dir, "bin") + ":" + os.Getenv("PATH"),
		"HOME=" + h.dir, "BERTH_HOME=" + filepath.Join(h.dir, "b"), "BERTH_INSTANCE=berth", "NO_COLOR=1",
	}
	out, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		return "", err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out // a file: the daemon that is started may live on
	failed := cmd.Run()
	said, err := os.ReadFile(out.Name())
	if failed == nil {
		failed = err
	}
	return string(said), failed
}

var link = regexp.MustCompile(`(?:\]\(|(?:src|srcset|href)=")([^)"\s]+)`)

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	for _, page := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			target := page
			if path != "" {
				target = filepath.Join(filepath.Dir(page), path)
			}
			if _, err := os.Stat(filepath.Join(repository(t), target)); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(read(t, target)), anchor) {
				t.Errorf("%s links to %s: %s has no such heading", page, m[1], target)
			}
		}
	}
}

// anchors are the names that headings get: small letters, no signs, hyphens for spaces.
func anchors(page string) []string {
	var names []string
	signs := regexp.MustCompile(`[^\p{L}\p{N} _-]`)
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			title := strings.ToLower(strings.TrimSpace(strings.TrimLeft(line, "#")))
			names = append(names, strings.ReplaceAll(signs.ReplaceAllString(title, ""), " ", "-"))
		}
	}
	return names
}
