package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"text/template"
)

// parseTemplate reads a template of docker's kind.
func parseTemplate(text string) (*template.Template, error) {
	return template.New("format").Option("missingkey=error").Funcs(template.FuncMap{
		"json": func(v any) (string, error) {
			b, err := json.Marshal(v)
			return string(b), err
		},
		"join": strings.Join, "split": strings.Split, "lower": strings.ToLower, "upper": strings.ToUpper,
		"println": fmt.Sprintln,
	}).Parse(strings.NewReplacer(`\t`, "\t", `\n`, "\n").Replace(text))
}

// fields is one row, by the names that docker's templates know.
type fields map[string]string

// printRows writes each row by the template.
func (f *format) printRows(out io.Writer, rows []fields) error {
	t := out
	if f.aligned {
		tabs := tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)
		defer tabs.Flush()
		t = tabs
		if len(rows) > 0 {
			heads := fields{}
			for name := range rows[0] {
				heads[name] = strings.ToUpper(name)
			}
			rows = append([]fields{heads}, rows...)
		}
	}
	for _, row := range rows {
		cleaned := fields{}
		for name, value := range row {
			cleaned[name] = clean(value)
		}
		if err := f.template.Execute(t, cleaned); err != nil {
			return &plainError{"the template does not fit: " + err.Error(), "It may use " + strings.Join(known(row), ", ") + "."}
		}
		if _, err := fmt.Fprintln(t); err != nil {
			return err
		}
	}
	return nil
}

func known(row fields) []string {
	var names []string
	for name := range row {
		names = append(names, "."+name)
	}
	return sorted(names)
}
