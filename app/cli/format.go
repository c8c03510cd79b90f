package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/yaml"
)

// format is how data is printed: table, json, yaml, jsonpath=… or a template of docker's kind.
type format struct {
	kind     string
	path     *jsonpath.JSONPath
	template *template.Template
	aligned  bool // the template makes a table
}

func (f *format) flag(cmd *cobra.Command) { f.shortFlag(cmd, "") }

// shortFlag is flag with one letter beside its name.
func (f *format) shortFlag(cmd *cobra.Command, letter string) {
	f.kind = "table"
	cmd.Flags().VarP(f, "format", letter, "table, json, yaml, jsonpath=TEMPLATE, or a Go template such as '{{.Name}}'")
	// The flag exists, so this cannot fail.
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(
		[]string{"table", "json", "yaml", "jsonpath="}, cobra.ShellCompDirectiveNoFileComp))
}

// String implements pflag.Value.
func (f *format) String() string { return f.kind }

// Type implements pflag.Value.
func (f *format) Type() string { return "format" }

// Set implements pflag.Value.
func (f *format) Set(s string) error {
	kind, path, isPath := strings.Cut(s, "=")
	switch {
	case strings.Contains(s, "{{"):
		text, aligned := strings.CutPrefix(s, "table ")
		f.kind, f.aligned = "template", aligned
		var err error
		f.template, err = parseTemplate(text)
		return err
	case !isPath && (kind == "table" || kind == "json" || kind == "yaml"):
		f.kind = kind
		return nil
	case isPath && kind == "jsonpath":
		f.kind, f.path = kind, jsonpath.New("format").AllowMissingKeys(true)
		return f.path.Parse(braced(path))
	default:
		return errors.New("use table, json, yaml or jsonpath=TEMPLATE, or a Go template")
	}
}

// braced lets `.status.id` mean `{.status.id}`, as kubectl does.
func braced(template string) string {
	if strings.Contains(template, "{") {
		return template
	}
	return "{." + strings.TrimPrefix(template, ".") + "}"
}

func (f *format) table() bool { return f.kind == "table" }

// print writes v in any format but table.
func (f *format) print(out io.Writer, v any) error {
	text, err := f.encode(v)
	if err != nil {
		return fmt.Errorf("print as %s: %w", f.kind, err)
	}
	if !bytes.HasSuffix(text, []byte("\n")) {
		text = append(text, '\n')
	}
	_, err = out.Write(text)
	return err
}

func (f *format) encode(v any) ([]byte, error) {
	switch f.kind {
	case "yaml":
		return yaml.Marshal(v)
	case "template":
		data, err := plain(v)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = f.template.Execute(&b, data)
		return b.Bytes(), err
	case "jsonpath":
		data, err := plain(v)
		if err != nil {
			return nil, err
		}
		var b bytes.Buffer
		err = f.path.Execute(&b, data)
		return b.Bytes(), err
	default:
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err := enc.Encode(v)
		return b.Bytes(), err
	}
}

// plain is v as JSON has it: templates speak of its names, not of Go's.
func plain(v any) (data any, err error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return data, json.Unmarshal(text, &data)
}
