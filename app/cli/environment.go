package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// readEnvFile reads NAME=VALUE lines as docker's --env-file has them: blank lines and those that begin with # are passed
// over, a value is taken as it stands, quotes and all, and a bare NAME takes the value that lookup gives, if there is one.
func readEnvFile(path string, lookup func(string) (string, bool)) ([]string, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, err
	}
	var env []string
	lines := bufio.NewScanner(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	lines.Buffer(nil, len(text)+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimLeft(lines.Text(), " \t")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, _, set := strings.Cut(line, "=")
		switch {
		case !utf8.ValidString(line):
			return nil, fmt.Errorf("%s, line %d: it is not UTF-8", path, n)
		case name == "" || strings.ContainsAny(name, " \t"):
			return nil, fmt.Errorf("%s, line %d: use NAME=VALUE, with no space in NAME", path, n)
		case set:
			env = append(env, line)
		default:
			if value, found := lookup(name); found {
				env = append(env, name+"="+value)
			}
		}
	}
	return env, lines.Err()
}
