//go:build packages

package packagetest

import (
	"strings"
	"testing"
)

// kept is a container of an engine of Berth's own that a user wants to have tomorrow.
type kept struct {
	root *root
	id   string
	// begun is when it was started last.
	begun string
}

// keep starts an engine and fills it: with an image of busybox, since there is no network, a container and a volume. The
// container ends when it is told to, which saves the ten seconds that docker gives to one that does not.
func (r *root) keep(t *testing.T) *kept {
	t.Helper()
	r.run(t, `berth start
		tar -C / -c bin/busybox | docker --context berth import - busybox:latest
		berth run -d --name kept -v kept:/data busybox /bin/busybox sh -c "trap exit TERM; /bin/busybox sleep 100000 & wait"
		berth container exec kept /bin/busybox sh -c "echo a word >/data/word"`)
	k := &kept{root: r}
	k.id, k.begun = k.look(t)
	k.shown(t)
	return k
}

// look asks docker, and not what Berth says of it.
func (k *kept) look(t *testing.T) (id, begun string) {
	t.Helper()
	found := strings.Fields(k.root.run(t, `docker --context berth inspect -f "{{.Id}} {{.State.StartedAt}} {{.State.Running}}" kept`))
	if len(found) != 3 || found[2] != "true" {
		t.Fatalf("the container is %q, want one that runs", found)
	}
	return found[0], found[1]
}

// shown checks that Berth lists the container as one that runs.
func (k *kept) shown(t *testing.T) {
	t.Helper()
	if got := k.root.run(t, `berth container ls`); !strings.Contains(got, "kept") || !strings.Contains(got, "busybox") {
		t.Errorf("berth container ls does not show the container:\n%s", got)
	}
}

// goesOn checks that the container was left alone.
func (k *kept) goesOn(t *testing.T) {
	t.Helper()
	if id, begun := k.look(t); id != k.id || begun != k.begun {
		t.Errorf("the container is %s since %s, want %s since %s", id, begun, k.id, k.begun)
	}
	k.shown(t)
}

// comesBack starts the engine and checks that all is still in it, and works.
func (k *kept) comesBack(t *testing.T) {
	t.Helper()
	word := k.root.run(t, `berth start >&2
		berth container start kept >&2
		berth container exec kept /bin/busybox cat /data/word`)
	id, _ := k.look(t)
	if id != k.id || word != "a word\n" {
		t.Errorf("the container is %s and its volume holds %q, want %s and what was written there", id, word, k.id)
	}
	k.shown(t)
}

// noTrace checks that nothing of an engine is left that lies in no file: processes, links, rules of the packet filter.
func (r *root) noTrace(t *testing.T) {
	t.Helper()
	for what, list := range map[string]string{
		"processes": `cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -oE '[^ ]*([b]erth|[d]ockerd|[c]ontainerd)[^ ]*' || true`,
		"links":     `ip -o link | grep -i berth || true`,
		"rules":     `iptables-save | grep -i berth || true`,
	} {
		if left := r.run(t, list); left != "" {
			t.Errorf("%s are left:\n%s", what, left)
		}
	}
}
