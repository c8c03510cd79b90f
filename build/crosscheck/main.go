// Command crosscheck type-checks programs as another system would compile them, on a machine that has neither that
// system's compiler nor its headers: what our Go code says is checked, also beside cgo; what it calls in C and the
// Objective-C itself are not, and of other modules only what they declare is read.
//
//	go run ./build/crosscheck SYSTEM/ARCHITECTURE TAGS PACKAGE…
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	ImportMap         map[string]string
	Standard          bool
	Module            *struct{ Main bool }
	Error             *struct{ Err string }
}

// checker holds what was checked; `go list -deps` names a package after all that it imports.
type checker struct {
	system, architecture string

	files   *token.FileSet
	checked map[string]*types.Package
	faults  []error
}

// within resolves the imports of one package.
type within struct {
	checked map[string]*types.Package
	names   map[string]string
}

func (w within) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	if name, ok := w.names[path]; ok {
		path = name
	}
	if p := w.checked[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("package %s was not listed", path)
}

func main() {
	system, architecture, ok := "", "", false
	if len(os.Args) > 3 {
		system, architecture, ok = strings.Cut(os.Args[1], "/")
	}
	if !ok {
		fmt.Fprintln(os.Stderr, "usage: crosscheck SYSTEM/ARCHITECTURE TAGS PACKAGE…")
		os.Exit(2)
	}
	c := checker{system: system, architecture: architecture, files: token.NewFileSet(), checked: map[string]*types.Package{}}
	if err := c.run(os.Args[2], os.Args[3:]); err != nil {
		c.faults = append(c.faults, err)
	}
	if err := errors.Join(c.faults...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stdout, "crosscheck: %d packages for %s\n", len(c.checked), system)
}

func (c *checker) run(tags string, packages []string) error {
	args := append([]string{"list", "-e", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles,ImportMap,Standard,Module,Error", "-tags", tags}, packages...)
	list := exec.CommandContext(context.Background(), "go", args...)
	cgo := "0" // as we build for it
	if c.system == "darwin" {
		cgo = "1"
	}
	list.Env = append(os.Environ(), "GOOS="+c.system, "GOARCH="+c.architecture, "CGO_ENABLED="+cgo)
	list.Stderr = os.Stderr
	out, err := list.StdoutPipe()
	if err != nil {
		return fmt.Errorf("list packages: %w", err)
	}
	if err := list.Start(); err != nil {
		return fmt.Errorf("list packages: %w", err)
	}
	for dec := json.NewDecoder(out); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("read the list of packages: %w", err)
		}
		c.check(p)
	}
	if err := list.Wait(); err != nil {
		return fmt.Errorf("list packages: %w", err)
	}
	return nil
}

func (c *checker) check(p listed) {
	if p.ImportPath == "unsafe" {
		return
	}
	if p.Error != nil {
		c.faults = append(c.faults, fmt.Errorf("%s: %s", p.ImportPath, p.Error.Err))
	}
	var files []*ast.File
	for _, name := range append(p.GoFiles, p.CgoFiles...) {
		file, err := parser.ParseFile(c.files, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			c.faults = append(c.faults, err)
			continue
		}
		files = append(files, file)
	}
	ours := p.Module != nil && p.Module.Main
	config := types.Config{
		FakeImportC:      true,
		Importer:         within{c.checked, p.ImportMap},
		IgnoreFuncBodies: !ours,
		Sizes:            types.SizesFor("gc", c.architecture),
		Error: func(err error) {
			if !p.Standard {
				c.faults = append(c.faults, err)
			}
		},
	}
	// The error is the first of those that Error was told.
	c.checked[p.ImportPath], _ = config.Check(p.ImportPath, c.files, files, nil)
}
