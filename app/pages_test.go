package app

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/app/link"
)

func TestALinkWaitsForThePageAndLeadsThereOnce(t *testing.T) {
	var ran []string
	run := func(script string) { ran = append(ran, script) }
	parse := func(text string) link.Link {
		l, err := link.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	p := &pages{}
	p.visit(parse("berth://settings"))
	p.visit(parse("berth://container/0123/logs"))
	p.loaded(run)
	p.loaded(run) // again: it was reloaded
	p.visit(parse("berth://diagnostics"))
	want := []string{`location.hash = "#/containers/0123/logs"`, `location.hash = "#/diagnostics"`}
	if diff := cmp.Diff(want, ran); diff != "" {
		t.Errorf("the page was sent elsewhere (-want +got):\n%s", diff)
	}
}

func TestTheWindowTakesOneLinkAtMost(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
		ok   bool
	}{
		"nothing":   {nil, "", true},
		"a link":    {[]string{"berth://settings"}, "#/settings", true},
		"no link":   {[]string{"--settings"}, "#/containers", false},
		"too many":  {[]string{"berth://settings", "berth://settings"}, "#/containers", false},
		"empty one": {[]string{""}, "#/containers", false},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := requested(c.args)
			if (err == nil) != c.ok {
				t.Errorf("error is %v", err)
			}
			if l == nil {
				l = &link.Link{}
				if c.want != "" {
					t.Error("no link was found")
				}
			} else if got := l.Fragment(); got != c.want {
				t.Errorf("leads to %s, want %s", got, c.want)
			}
		})
	}
}
