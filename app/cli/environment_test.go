package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvFilesAreReadAsDockerReadsThem(t *testing.T) {
	lookup := func(name string) (string, bool) { return "from outside", name == "KNOWN" }
	for name, tt := range map[string]struct {
		text   string
		want   []string
		failed string // what the message ends with
	}{
		"empty":                   {"", nil, ""},
		"values as they stand":    {"A=1\nB=\"two words\" \nC=\nD=x=y # z\n", []string{"A=1", `B="two words" `, "C=", "D=x=y # z"}, ""},
		"comments, blanks":        {"# A=1\n\n  \n  # B\n  C=3", []string{"C=3"}, ""},
		"bare names":              {"KNOWN\nUNKNOWN\n", []string{"KNOWN=from outside"}, ""},
		"a byte order mark, CRLF": {"\ufeffA=1\r\nB=2\r\n", []string{"A=1", "B=2"}, ""},
		"a long line":             {"A=" + strings.Repeat("x", 1<<17), []string{"A=" + strings.Repeat("x", 1<<17)}, ""},
		"no name":                 {"A=1\n=2\n", nil, ", line 2: use NAME=VALUE, with no space in NAME"},
		"a space":                 {"export A=1\n", nil, ", line 1: use NAME=VALUE, with no space in NAME"},
		"not text":                {"A=\xff\n", nil, ", line 1: it is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "env")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := readEnvFile(path, lookup)
			if (err != nil) != (tt.failed != "") || err != nil && !strings.HasSuffix(err.Error(), tt.failed) {
				t.Fatalf("it says %v, want %q", err, tt.failed)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBareNamesTakeTheValueThatTheyHaveHere(t *testing.T) {
	lookup := func(name string) (string, bool) { return "here", name == "KNOWN" || name == "KNOWN2" }
	got := withValues([]string{"A=1", "KNOWN", "UNKNOWN", "B=", "KNOWN2", "=x"}, lookup)
	if diff := cmp.Diff([]string{"A=1", "KNOWN=here", "UNKNOWN", "B=", "KNOWN2=here", "=x"}, got); diff != "" {
		t.Error(diff)
	}
}
