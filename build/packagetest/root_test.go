//go:build packages

package packagetest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cleanRoot is a Debian in a folder, with what the package depends on and nothing of Berth. Making one takes a minute,
// so it is kept in a tar between runs; every test gets its own copy.
func cleanRoot(t *testing.T) *root {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("a root for the package can be made by root alone: run `sudo make test-package`")
	}
	tar := filepath.Join(repository(t), ".cache", "packagetest", "root.tar")
	if _, err := os.Stat(tar); errors.Is(err, os.ErrNotExist) {
		makeRoot(t, tar)
	}
	// Not t.TempDir: the folder must be one that every user may pass, up to the top.
	dir, err := os.MkdirTemp(filepath.Dir(tar), "root-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, exec.Command("rm", "-rf", "--one-file-system", dir)) })
	must(t, exec.Command("tar", "-C", dir, "-xf", tar))
	return &root{dir: dir}
}

func makeRoot(t *testing.T, tar string) {
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
	include := "libgtk-3-0,libwebkit2gtk-4.1-0,libayatana-appindicator3-1,hicolor-icon-theme," +
		"desktop-file-utils,appstream,bash-completion,zsh,fish,man-db,systemd"
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

type root struct{ dir string }

// enter prepares a command inside: with its own mounts and processes, which end with it.
func (r *root) enter(script string) *exec.Cmd {
	const prelude = `mount -t proc proc "$1/proc" && mount -t tmpfs tmp "$1/tmp" && mount --rbind /dev "$1/dev" &&
		exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp DEBIAN_FRONTEND=noninteractive bash -euc "$2"`
	return exec.Command("unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child", "bash", "-euc", prelude, "-", r.dir, script)
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
