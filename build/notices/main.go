// Command notices prints the licences of all that is linked into Berth's programs, and of what the page is built with: the
// packages carry them as THIRD-PARTY-NOTICES. What is linked is read from the programs themselves.
//
//	go run ./build/notices PAGE-FOLDER PROGRAM…
package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
)

// licence tells the files that a licence asks to be passed on.
var licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|unlicense|patents)([-_.].*)?$`)

// part is one thing that Berth is made of, and where its licence lies.
type part struct {
	name, folder string
	says         string // what a package of the page calls its licence, for want of a file
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: notices PAGE-FOLDER PROGRAM…")
		os.Exit(2)
	}
	parts, err := linked(os.Args[2:])
	if err == nil {
		var page []part
		page, err = bundled(os.Args[1])
		parts = append(parts, page...)
	}
	if err == nil {
		err = write(os.Stdout, parts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

// linked is Go and every module that is in one of the programs.
func linked(programs []string) ([]part, error) {
	modules := map[string]bool{}
	for _, program := range programs {
		info, err := buildinfo.ReadFile(program)
		if err != nil {
			return nil, fmt.Errorf("read what %s is made of: %w", program, err)
		}
		for _, m := range info.Deps {
			if m.Replace != nil {
				m = m.Replace
			}
			modules[m.Path+"@"+m.Version] = true
		}
		// A program that comes from another module, as Lima's guest agent does. Ours has no version that can be fetched.
		if info.Main.Path != "github.com/berth-desktop/berth" {
			modules[info.Main.Path+"@"+info.Main.Version] = true
		}
	}
	names := slices.Sorted(maps.Keys(modules))
	// From the cache that they were built from.
	out, err := exec.CommandContext(context.Background(), "go", append([]string{"mod", "download", "-json"}, names...)...).Output() //nolint:gosec // names of our own modules
	if err != nil {
		return nil, fmt.Errorf("find the modules: %w", err)
	}
	root, err := exec.CommandContext(context.Background(), "go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("find Go: %w", err)
	}
	parts := []part{{name: "Go's standard library", folder: string(bytes.TrimSpace(root))}}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Version, Dir string }
		if err := dec.Decode(&m); errors.Is(err, io.EOF) {
			return parts, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the list of modules: %w", err)
		}
		parts = append(parts, part{name: m.Path + " " + m.Version, folder: m.Dir})
	}
}

// imports finds what a file of the page asks for by a package's name.
var imports = regexp.MustCompile(`(?:from|import) '((?:@[a-z0-9-]+/)?[a-z0-9-]+)`)

// bundled is what the page imports, and what that depends on: rather too many than one too few.
func bundled(folder string) ([]part, error) {
	type manifest struct {
		Version         string
		License         string
		Dependencies    map[string]string
		DevDependencies map[string]string
	}
	read := func(name string) (m manifest, err error) {
		data, err := os.ReadFile(filepath.Join(folder, name, "package.json")) //nolint:gosec // our own page
		if err == nil {
			err = json.Unmarshal(data, &m)
		}
		return m, err
	}
	page, err := read("")
	if err != nil {
		return nil, fmt.Errorf("read what the page is made of: %w", err)
	}
	var wanted []string
	err = filepath.WalkDir(filepath.Join(folder, "src"), func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || regexp.MustCompile(`\.test\.`).MatchString(path) {
			return err
		}
		data, err := os.ReadFile(path) //nolint:gosec // our own page
		for _, found := range imports.FindAllSubmatch(data, -1) {
			if _, ok := page.DevDependencies[string(found[1])]; ok {
				wanted = append(wanted, string(found[1]))
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the page: %w", err)
	}
	parts := map[string]part{}
	for len(wanted) > 0 {
		name := wanted[0]
		wanted = wanted[1:]
		if _, ok := parts[name]; ok {
			continue
		}
		m, err := read(filepath.Join("node_modules", name))
		if err != nil {
			return nil, fmt.Errorf("read what %s is made of: %w", name, err)
		}
		parts[name] = part{name + " " + m.Version, filepath.Join(folder, "node_modules", name), m.License}
		wanted = slices.AppendSeq(wanted, maps.Keys(m.Dependencies))
	}
	var sorted []part
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		sorted = append(sorted, parts[name])
	}
	return sorted, nil
}

// write prints each text once, below the names of all that it goes for.
func write(w io.Writer, parts []part) error {
	type text struct {
		names []string
		body  []byte
	}
	var texts []*text
	seen := map[string]*text{}
	for _, p := range parts {
		entries, err := os.ReadDir(p.folder)
		if err != nil {
			return fmt.Errorf("look for the licence of %s: %w", p.name, err)
		}
		var body []byte
		for _, e := range entries {
			if e.IsDir() || !licence.MatchString(e.Name()) {
				continue
			}
			data, err := os.ReadFile(filepath.Join(p.folder, e.Name())) //nolint:gosec // the licence of what we link
			if err != nil {
				return fmt.Errorf("read the licence of %s: %w", p.name, err)
			}
			body = append(append(body, bytes.TrimSpace(data)...), '\n', '\n')
		}
		if len(body) == 0 && p.says != "" {
			body = []byte("License: " + p.says + "\n\n")
		}
		if len(body) == 0 {
			return fmt.Errorf("%s has no licence in %s: find out what it is before it is passed on", p.name, p.folder)
		}
		t := seen[string(body)]
		if t == nil {
			t = &text{body: body}
			seen[string(body)] = t
			texts = append(texts, t)
		}
		t.names = append(t.names, p.name)
	}
	var out bytes.Buffer
	out.WriteString("Berth is licensed under the Apache License 2.0. It is made with the following, under their own licences.\n")
	for _, t := range texts {
		out.WriteString("\n" + "----------------------------------------\n\n")
		for _, name := range t.names {
			out.WriteString(name + "\n")
		}
		out.WriteString("\n")
		out.Write(t.body)
	}
	_, err := w.Write(out.Bytes())
	return err
}
