//go:build packages

package packagetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// tools are what the test itself uses inside.
const tools = "desktop-file-utils,appstream,bash-completion,zsh,fish,man-db,systemd,busybox-static"

// cleanRoot is a Debian in a folder that runs, with what the package says that it depends on and recommends, and nothing of
// Berth. Making one takes a minute, so it is kept in a tar between runs; every test gets its own copy.
func cleanRoot(t *testing.T, deb string) *root {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("a root for the package can be made by root alone: run `sudo make test-package`")
	}
	include := tools + "," + strings.Join(wanted(t, deb), ",")
	tar := filepath.Join(repository(t), ".cache", "packagetest", fmt.Sprintf("root-%.8x.tar", sha256.Sum256([]byte(include))))
	if _, err := os.Stat(tar); errors.Is(err, os.ErrNotExist) {
		makeRoot(t, tar, include)
	}
	// Not t.TempDir: the folder must be one that every user may pass, up to the top.
	dir, err := os.MkdirTemp(filepath.Dir(tar), "root-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, exec.Command("rm", "-rf", "--one-file-system", dir)) })
	must(t, exec.Command("tar", "-C", dir, "-xf", tar))
	r := &root{dir: dir}
	r.boot(t)
	return r
}

// wanted are the packages that apt would bring along: of what may be either, the first.
func wanted(t *testing.T, deb string) []string {
	t.Helper()
	var names []string
	for _, field := range []string{"Depends", "Recommends"} {
		out, err := exec.Command("dpkg-deb", "--field", deb, field).Output()
		if err != nil {
			t.Fatalf("read what the package wants: %v", err)
		}
		for one := range strings.SplitSeq(string(out), ",") {
			names = append(names, strings.Fields(one)[0])
		}
	}
	return names
}

func makeRoot(t *testing.T, tar, include string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(tar), 0o755); err != nil {
		t.Fatal(err)
	}
	// The sources that this machine gets its own packages from.
	sources := exec.Command("bash", "-c", `cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | grep '^deb ' ||
		cat /etc/apt/sources.list.d/debian.sources`)
	list, err := sources.Output()
	if err != nil {
		t.Fatalf("read this machine's sources of packages: %v", err)
	}
	cmd := exec.Command("mmdebstrap", "--quiet", "--variant=apt", "--include="+include,
		`--aptopt=Acquire::Check-Valid-Until "false"`, suite(t), tar+".new.tar", "-")
	cmd.Stdin = bytes.NewReader(list)
	must(t, cmd)
	if err := os.Rename(tar+".new.tar", tar); err != nil {
		t.Fatal(err)
	}
}

func suite(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("bash", "-c", `. /etc/os-release && echo "$VERSION_CODENAME"`).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// run is what a script prints; it must succeed.
func (r *root) run(t *testing.T, script string) string {
	t.Helper()
	cmd := r.enter(script)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("in the clean root: %s\n%v\n%s%s", script, err, stdout.String(), stderr.String())
	}
	return stdout.String()
}

// install puts a package in, by dpkg, which fetches nothing: what the package depends on is there, or the package lies.
func (r *root) install(t *testing.T, deb string) {
	t.Helper()
	name := filepath.Base(deb)
	must(t, exec.Command("install", "-m", "644", deb, filepath.Join(r.dir, "var", "tmp", name)))
	r.run(t, "dpkg --install /var/tmp/"+name+" && rm /var/tmp/"+name)
}

// files is every path inside but the package manager's own notes, and what triggers rebuild from all that is installed.
func (r *root) files(t *testing.T) map[string]bool {
	t.Helper()
	out := r.run(t, `find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /sys -o -path /var/lib/dpkg -o -path /var/lib/apt \
		-o -path /var/cache -o -path /var/log -o -path /run \) -prune -o -print`)
	found := map[string]bool{}
	for line := range strings.Lines(out) {
		found[strings.TrimSpace(line)] = true
	}
	return found
}

func must(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, out)
	}
}
