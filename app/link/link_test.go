package link_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/berth-desktop/berth/app/link"
)

func TestLinksThatAreKnownLeadToAPage(t *testing.T) {
	long := strings.Repeat("a", 128)
	for text, want := range map[string]string{
		"berth://container/0123abcDEF": "#/containers/0123abcDEF",
		"berth://container/a_b.c-d":    "#/containers/a_b.c-d",
		"berth://container/" + long:    "#/containers/" + long,
		"berth://container/0123/logs":  "#/containers/0123/logs",
		"berth://container/0123/logs/": "#/containers/0123/logs",
		"berth://container/0123/":      "#/containers/0123",
		"BERTH://containers":           "#/containers",
		"berth://containers/":          "#/containers",
		"berth://settings":             "#/settings",
		"berth://diagnostics":          "#/diagnostics",
	} {
		t.Run(text, func(t *testing.T) {
			l, err := link.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if got := l.Fragment(); got != want {
				t.Errorf("leads to %s, want %s", got, want)
			}
		})
	}
}

func TestOtherLinksAreRefusedWithAReason(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "begin with berth://",
		"--help":                         "begin with berth://",
		"https://container/0123":         "begin with berth://",
		"berth:containers":               "begin with berth://",
		"berth://":                       "no such page",
		"berth://images":                 "no such page",
		"berth://settings/engine":        "no such page",
		"berth://containers?x=1":         "no such page",
		"berth://container":              "a container's id",
		"berth://container/":             "a container's id",
		"berth://container//logs":        "a container's id",
		"berth://container/a b":          "a container's id",
		"berth://container/a%2fb":        "a container's id",
		"berth://container/é":            "a container's id",
		"berth://container/'+alert(1)+'": "a container's id",
		"berth://container/" + strings.Repeat("a", 129): "a container's id",
		"berth://container/0123/exec":                   "only logs",
		"berth://container/0123/logs/more":              "only logs",
	} {
		t.Run(text, func(t *testing.T) {
			l, err := link.Parse(text)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v, want one that says %q", err, want)
			}
			if l.Fragment() != "#/containers" {
				t.Errorf("leads to %s, want the front page", l.Fragment())
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"berth://container/0123/logs", "berth://settings/", "berth://container/\x00", "x"} {
		f.Add(seed)
	}
	harmless := regexp.MustCompile(`^#/[a-z]+(/[a-zA-Z0-9_.-]{1,128}(/logs)?)?$`)
	f.Fuzz(func(t *testing.T, text string) {
		l, err := link.Parse(text)
		if !harmless.MatchString(l.Fragment()) {
			t.Errorf("%q leads to %q", text, l.Fragment())
		}
		if err != nil {
			return
		}
		again, err := link.Parse(l.String())
		if err != nil || again != l {
			t.Errorf("%q became %q, which reads as %v (%v)", text, l.String(), again, err)
		}
	})
}
