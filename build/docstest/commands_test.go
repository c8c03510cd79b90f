package docstest_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// commands are the sections of docs/cli.md, which is written from the commands themselves, by "berth container ls" and so on.
func commands(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, section := range strings.Split(read(t, "docs/cli.md"), "\n## ")[1:] {
		name, text, _ := strings.Cut(section, "\n")
		all[name] = text
	}
	if len(all) < 40 {
		t.Fatalf("docs/cli.md tells of %d commands only", len(all))
	}
	return all
}

var (
	inline = regexp.MustCompile("`([^`\n]+)`")
	// A command begins a line, or follows what a shell takes for an end or a beginning.
	called = regexp.MustCompile(`(?:^|[;|&(]\s*|\s-c\s")(?:bin/)?berth\s+([^#;|&)"]+)`)
	flag   = regexp.MustCompile(`^--?[a-zA-Z][a-z-]*`)
)

// mentioned are the calls of berth on a page, in its prose and its fences, also in those that no test runs.
func mentioned(page string) []string {
	var lines, calls []string
	fenced := false
	for line := range strings.Lines(page) {
		switch {
		case strings.HasPrefix(strings.TrimSpace(line), "```"):
			fenced = !fenced
		case fenced:
			lines = append(lines, line)
		default:
			for _, m := range inline.FindAllStringSubmatch(line, -1) {
				lines = append(lines, m[1])
			}
		}
	}
	for _, line := range lines {
		for _, m := range called.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
			calls = append(calls, m[1])
		}
	}
	return calls
}

// holds says whether a command only holds others.
func holds(known map[string]string, name string) bool {
	for other := range known {
		if strings.HasPrefix(other, name+" ") {
			return true
		}
	}
	return false
}

func TestEveryCommandThatIsNamedIsThereWithItsFlags(t *testing.T) {
	known := commands(t)
	checked := 0
	for _, page := range pages(t) {
		if slices.Contains(derived, page) {
			continue
		}
		for _, call := range mentioned(read(t, page)) {
			words := strings.Fields(call)
			if len(words) == 0 {
				continue
			}
			checked++
			name := "berth"
			for len(words) > 0 && known[name+" "+words[0]] != "" {
				name, words = name+" "+words[0], words[1:]
			}
			if len(words) > 0 && !strings.HasPrefix(words[0], "-") && holds(known, name) {
				t.Errorf("%s: %s has no command %s, in `berth %s`", page, name, words[0], call)
				continue
			}
			for _, word := range words {
				// What follows belongs to the program that is run.
				if name == "berth ctl" || (name == "berth run" || name == "berth exec") && !strings.HasPrefix(word, "-") && !strings.Contains(word, "=") {
					break
				}
				if f := flag.FindString(word); strings.HasPrefix(f, "--") && !strings.Contains(known[name], f) && f != "--help" && f != "--version" {
					t.Errorf("%s: %s has no flag %s, in `berth %s`", page, name, f, call)
				}
			}
		}
	}
	if checked < 100 {
		t.Errorf("%d commands were found on all pages, which cannot be all", checked)
	}
}
