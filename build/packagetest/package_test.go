//go:build packages

package packagetest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// build makes the packages of a version from what lies in bin/.
func build(t *testing.T, version string) string {
	t.Helper()
	dist := t.TempDir()
	cmd := exec.Command(filepath.Join(repository(t), "build", "package.sh"))
	cmd.Env = append(os.Environ(), "BERTH_PACKAGE_VERSION="+version, "BERTH_DIST="+dist)
	must(t, cmd)
	return dist
}

func one(t *testing.T, dist, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dist, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s holds %d files like %s, want one (%v)", dist, len(found), pattern, err)
	}
	return found[0]
}

// All of it is one test, because a build and a root of its own cost half a minute each.
func TestPackages(t *testing.T) {
	older, dist := build(t, "0.9.0"), build(t, "1.0.0")
	t.Run("are reproducible", func(t *testing.T) { testReproducible(t, dist) })
	t.Run("come with checksums and bills of materials", func(t *testing.T) { testBills(t, dist) })
	t.Run("please lintian", func(t *testing.T) { testLintian(t, dist) })
	t.Run("rpm", func(t *testing.T) { testRPM(t, dist) })
	t.Run("deb", func(t *testing.T) { testDeb(t, one(t, older, "*.deb"), one(t, dist, "*.deb")) })
}

// Installed, used, upgraded, used and purged, and installed once more. The daemon makes the state that is to stay, so that
// the test speaks of what users have and not of what it wrote itself.
func testDeb(t *testing.T, older, deb string) {
	r := cleanRoot(t, deb)
	r.run(t, `mkdir -p /root/.local/share /root/.local/state`) // every session's, not Berth's
	before := r.files(t)
	r.install(t, older)
	r.run(t, `useradd --create-home --shell /bin/bash someone`)
	asUser := func(script string) string {
		return r.run(t, `install -d -o someone -m 700 /tmp/run;
			exec setpriv --reuid someone --regid someone --init-groups env HOME=/home/someone XDG_RUNTIME_DIR=/tmp/run bash -euc '`+script+`'`)
	}
	asUser(`berth set containerEngine.provider=host containerEngine.host=unix:///nowhere.sock --wait=false; berth quit`)
	content := func() string {
		return r.run(t, `cd /home/someone && find . -type f ! -name "*.log" -exec sha256sum {} + | sort`)
	}
	attached, kept := content(), r.keep(t)

	r.install(t, deb)
	kept.goesOn(t)
	if diff := cmp.Diff(attached, content()); diff != "" {
		t.Errorf("the upgrade touched files under home (-before +after):\n%s", diff)
	}
	if got := asUser(`berth ctl get app app -o "jsonpath={.spec.containerEngine.host}"; berth quit >&2`); !strings.Contains(got, "unix:///nowhere.sock") {
		t.Errorf("after the upgrade the engine's address is %q, want what was set before it", got)
	}
	r.run(t, `berth stop; berth quit`)
	kept.comesBack(t)
	testInstalled(t, r)

	r.run(t, "berth quit; dpkg --purge berth")
	if got := r.run(t, `find /home/someone -name "app*" -type f`); got == "" {
		t.Error("a purge took what lies under home: that is the user's")
	}
	r.install(t, deb)
	kept.comesBack(t)

	r.run(t, "berth delete --yes; dpkg --purge berth; userdel --remove someone")
	r.noTrace(t)
	left := []string{}
	for path := range r.files(t) {
		if !before[path] && path != "/usr/share/applications/mimeinfo.cache" && !strings.HasSuffix(path, "-") { // /etc/passwd-
			left = append(left, path)
		}
	}
	slices.Sort(left)
	if diff := cmp.Diff([]string{}, left); diff != "" {
		t.Errorf("a purge left something behind (-want +got):\n%s", diff)
	}
}

// testInstalled looks at each thing that the package has brought.
func testInstalled(t *testing.T, r *root) {
	for name, script := range map[string]string{
		"version":            `berth version | grep -q .`,
		"kubectl":            `berth-kubectl version --client | grep -q v1.`,
		"Lima's helper":      `berth-lima nonsense | grep -q '"error"'; test -x "$(dirname "$(readlink -f /usr/bin/berth-lima)")/lima-guestagent.Linux-x86_64"`,
		"licences":           `zgrep -q '^github.com/moby/moby/client v' /usr/share/doc/berth/THIRD-PARTY-NOTICES.gz; zgrep -q '^svelte ' /usr/share/doc/berth/THIRD-PARTY-NOTICES.gz`,
		"libraries":          `! ldd /usr/bin/berth-desktop /usr/bin/berth-tray | grep 'not found'`,
		"desktop entry":      `desktop-file-validate /usr/share/applications/berth-desktop.desktop`,
		"links":              `grep -q 'x-scheme-handler/berth=berth-desktop.desktop' /usr/share/applications/mimeinfo.cache`,
		"metainfo":           `appstreamcli validate --no-net /usr/share/metainfo/desktop.berth.Berth.metainfo.xml`,
		"icon":               `test -s /usr/share/icons/hicolor/scalable/apps/berth.svg`,
		"manual":             `man -l /usr/share/man/man1/berth-start.1.gz | grep -q berth`,
		"completion in bash": `. /usr/share/bash-completion/bash_completion; . /usr/share/bash-completion/completions/berth; complete -p berth`,
		"completion in zsh":  `zsh -fc 'fpath=(/usr/share/zsh/vendor-completions $fpath); autoload -U compinit; compinit -D; [[ -n $_comps[berth] ]]'`,
		"completion in fish": `fish --no-config -c 'source /usr/share/fish/vendor_completions.d/berth.fish; complete -C "berth sta"' | grep -q start`,
		"unit":               `XDG_RUNTIME_DIR=/tmp systemd-analyze --user --man=no verify /usr/lib/systemd/user/berth.service`,
		"nothing by itself":  `! find /etc/xdg/autostart /etc/systemd -name '*berth*' | grep .`,
	} {
		t.Run(name, func(t *testing.T) { r.run(t, "export HOME=/tmp; "+script) }) // shells note that they ran
	}
}

func testReproducible(t *testing.T, dist string) {
	sums := func(dist string) map[string][32]byte {
		found := map[string][32]byte{}
		entries, err := os.ReadDir(dist)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			data, err := os.ReadFile(filepath.Join(dist, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			found[e.Name()] = sha256.Sum256(data)
		}
		return found
	}
	if diff := cmp.Diff(sums(dist), sums(build(t, "1.0.0"))); diff != "" {
		t.Errorf("two builds differ:\n%s", diff)
	}
}

func testBills(t *testing.T, dist string) {
	check := exec.Command("sha256sum", "--check", "--strict", "SHA256SUMS")
	check.Dir = dist
	must(t, check)
	for _, program := range []string{"berth", "berth-kubectl", "berth-lima", "lima-guestagent.Linux-x86_64", "berth-desktop", "berth-tray"} {
		data, err := os.ReadFile(filepath.Join(dist, program+".cdx.json"))
		if err != nil {
			t.Fatal(err)
		}
		var bill struct {
			Components []struct{ Name, Version string }
		}
		if err := json.Unmarshal(data, &bill); err != nil || len(bill.Components) == 0 {
			t.Errorf("%s's bill of materials names %d modules (%v)", program, len(bill.Components), err)
		}
	}
}

// What Debian asks of a package, but for what Go programs are: static, and of one piece.
func testLintian(t *testing.T, dist string) {
	known := "statically-linked-binary,hardening-no-pie,no-manual-page,unknown-field"
	must(t, exec.Command("lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", known, one(t, dist, "*.deb")))
}

// What it needs is named, it runs nothing while it is installed, and it holds what the .deb holds.
func testRPM(t *testing.T, dist string) {
	rpm := one(t, dist, "*.rpm")
	query := func(args ...string) string {
		out, err := exec.Command("rpm", append([]string{"--query", "--package", rpm}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	requires := query("--requires")
	for _, want := range []string{"libgtk-3.so.0()(64bit)", "libwebkit2gtk-4.1.so.0()(64bit)", "libayatana-appindicator3.so.1()(64bit)"} {
		if !strings.Contains(requires, want) {
			t.Errorf("the .rpm does not require %s:\n%s", want, requires)
		}
	}
	if scripts := query("--scripts"); scripts != "" {
		t.Errorf("the .rpm runs scripts, and needs none:\n%s", scripts)
	}

	// Into a root of its own, by rpm, which needs nothing but the files: other packages of that root are nobody's.
	root := t.TempDir()
	must(t, exec.Command("rpm", "--root", root, "--nodeps", "--install", rpm))
	deb := t.TempDir()
	must(t, exec.Command("dpkg-deb", "--extract", one(t, dist, "*.deb"), deb))
	if diff := cmp.Diff(under(t, deb), under(t, filepath.Join(root, "usr"), "usr")); diff != "" {
		t.Errorf("the .rpm does not hold what the .deb holds (-deb +rpm):\n%s", diff)
	}
	must(t, exec.Command(filepath.Join(root, "usr", "bin", "berth"), "version"))
	must(t, exec.Command("rpm", "--root", root, "--nodeps", "--erase", "berth"))
	if _, err := os.Lstat(filepath.Join(root, "usr", "bin", "berth")); !os.IsNotExist(err) {
		t.Errorf("an erased .rpm leaves its program: %v", err)
	}
}

// under is the files below a folder, each with what it holds or points to.
func under(t *testing.T, dir string, prefix ...string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name = filepath.Join(append(prefix, name)...)
		if e.Type()&os.ModeSymlink != 0 {
			found[name], err = os.Readlink(path)
			return err
		}
		data, err := os.ReadFile(path)
		found[name] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
