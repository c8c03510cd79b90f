// Command reference writes the pages of docs/ that are derived from code: cli.md from the commands, api.md from the kinds.
// `make lint` proves that what is checked in is current.
//
//	go run ./build/reference FOLDER
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/berth-desktop/berth/app/cli"
	"github.com/berth-desktop/berth/backend/api/openapi"
)

const cliHead = `# The commands

<!-- Written by build/reference from the commands themselves: do not edit. -->

Exit codes: 0 done, 1 error, 2 usage, 3 refused by validation, 4 a wait was given up, 5 no daemon. ` + "`run` and `exec`" + `
pass on the exit code of what they ran. Data goes to standard output, messages to standard error. ` + "`--help`" + ` works everywhere.
`

const apiHead = `# The API

<!-- Written by build/reference from the types in backend/api: do not edit. -->

Berth's daemon serves a Kubernetes API. ` + "`berth ctl`" + ` is kubectl on it, ` + "`berth config`" + ` prints the kubeconfig for other clients, and
` + "`berth ctl explain container.status`" + ` says what is said here. Status is only read: write to spec, annotate, or delete.
`

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reference FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	commands, err := commandPage()
	if err != nil {
		return err
	}
	for name, page := range map[string]string{"cli.md": commands, "api.md": apiPage()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(page), 0o644); err != nil { //nolint:gosec // for everybody
			return fmt.Errorf("write a page: %w", err)
		}
	}
	return nil
}

func commandPage() (string, error) {
	var out, messages bytes.Buffer
	c := cli.New(cli.Config{Stdout: &out, Stderr: &messages, Getenv: func(string) string { return "" }})
	if code := c.Run(context.Background(), []string{"reference"}); code != 0 {
		return "", fmt.Errorf("list the commands: exit code %d: %s", code, messages.String())
	}
	return cliHead + out.String(), nil
}

// apiPage tells of the kinds first, then of what they are made of.
func apiPage() string {
	definitions := openapi.GetOpenAPIDefinitions(func(name string) spec.Ref { return spec.MustCreateRef(name) })
	var kinds, parts []string
	for name, d := range definitions {
		if !strings.Contains(name, "berth") || strings.HasSuffix(name, "List") {
			continue
		}
		if _, ok := d.Schema.Properties["metadata"]; ok {
			kinds = append(kinds, name)
		} else {
			parts = append(parts, name)
		}
	}
	slices.Sort(kinds)
	slices.Sort(parts)
	var text strings.Builder
	text.WriteString(apiHead)
	for _, name := range slices.Concat(kinds, parts) {
		section(&text, name, definitions[name])
	}
	return text.String()
}

func section(text *strings.Builder, name string, d common.OpenAPIDefinition) {
	fmt.Fprintf(text, "\n## %s\n\n%s\n", short(name), d.Schema.Description)
	properties := make([]string, 0, len(d.Schema.Properties))
	for p := range d.Schema.Properties {
		if p != "apiVersion" && p != "kind" && p != "metadata" {
			properties = append(properties, p)
		}
	}
	if len(properties) == 0 {
		return
	}
	slices.Sort(properties)
	text.WriteString("\n| field | type | meaning |\n|---|---|---|\n")
	for _, p := range properties {
		schema := d.Schema.Properties[p]
		about := strings.ReplaceAll(strings.Join(strings.Fields(schema.Description), " "), "|", `\|`)
		if len(schema.Enum) > 0 {
			about += fmt.Sprintf(" One of: %s.", strings.Trim(fmt.Sprintf("%q", schema.Enum), "[]"))
		}
		fmt.Fprintf(text, "| `%s` | %s | %s |\n", p, typeOf(schema), strings.TrimSpace(about))
	}
}

func typeOf(s spec.Schema) string {
	switch {
	case s.Ref.String() != "":
		return short(s.Ref.String())
	case len(s.AllOf) > 0:
		return typeOf(s.AllOf[0])
	case s.Items != nil && s.Items.Schema != nil:
		return "list of " + typeOf(*s.Items.Schema)
	case s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil:
		return "map of " + typeOf(*s.AdditionalProperties.Schema)
	case s.Format != "":
		return s.Format
	}
	return strings.Join(s.Type, " or ")
}

func short(name string) string { return name[strings.LastIndexAny(name, "./")+1:] }
