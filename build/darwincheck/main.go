// Command darwincheck type-checks programs as macOS would compile them, on a machine that has neither Apple's compiler nor
// its headers: what Go code says is checked, also beside cgo; what it calls in C and the Objective-C itself are not.
//
//	go run ./build/darwincheck TAGS PACKAGE…
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
)

// listed is what `go list` tells of a package.
type listed struct {
	ImportPath, Dir   string
	GoFiles, CgoFiles []string
	ImportMap         map[string]string
	Standard          bool
	Error             *struct{ Err string }
}

// checker holds what was checked; `go list -deps` names a package after all that it imports.
type checker struct {
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
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: darwincheck TAGS PACKAGE…")
		os.Exit(2)
	}
	c := checker{files: token.NewFileSet(), checked: map[string]*types.Package{}, faults: nil}
	if err := c.run(os.Args[1], os.Args[2:]); err != nil {
		c.faults = append(c.faults, err)
	}
	if err := errors.Join(c.faults...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintf(os.Stdout, "darwincheck: %d packages\n", len(c.checked))
}

func (c *checker) run(tags string, packages []string) error {
	args := append([]string{"list", "-e", "-deps", "-json=ImportPath,Dir,GoFiles,CgoFiles,ImportMap,Standard,Error", "-tags", tags}, packages...)
	list := exec.CommandContext(context.Background(), "go", args...)
	list.Env = append(os.Environ(), "GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=1")
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
	config := types.Config{
		FakeImportC:      true,
		Importer:         within{c.checked, p.ImportMap},
		IgnoreFuncBodies: p.Standard,
		Sizes:            types.SizesFor("gc", "arm64"),
		Error: func(err error) {
			if !p.Standard {
				c.faults = append(c.faults, err)
			}
		},
	}
	// The error is the first of those that Error was told.
	c.checked[p.ImportPath], _ = config.Check(p.ImportPath, c.files, files, nil)
}
