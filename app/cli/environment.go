package cli

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"
)

// environment is what files and -e set. Of two values for a name the engine takes the last.
func environment(files, given []string) ([]string, error) {
	var all []string
	for _, path := range files {
		env, err := readEnvFile(path, os.LookupEnv)
		if err != nil {
			return nil, fmt.Errorf("--env-file: %w", err)
		}
		all = append(all, env...)
	}
	return append(all, withValues(given, os.LookupEnv)...), nil
}

// withValues gives each bare NAME the value that lookup has for it, as docker's -e does. One that has none stays bare:
// for the engine that takes the variable out of what the image sets.
func withValues(env []string, lookup func(string) (string, bool)) []string {
	var all []string
	for _, entry := range env {
		if !strings.Contains(entry, "=") {
			if value, found := lookup(entry); found {
				entry += "=" + value
			}
		}
		all = append(all, entry)
	}
	return all
}

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
