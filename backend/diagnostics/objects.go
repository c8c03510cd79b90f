package diagnostics

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
)

// redactJSON removes from objects what can hold a secret by what it is: values of variables, arguments of programs,
// fields and labels with a telling name. The text may hold several objects, one after the other.
func redactJSON(text []byte) ([]byte, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false) // so that what is looked for later stands there as it is
	out.SetIndent("", "  ")
	for {
		var v any
		err := in.Decode(&v)
		if errors.Is(err, io.EOF) {
			return b.Bytes(), nil
		}
		if err == nil {
			err = out.Encode(redactValue("", v))
		}
		if err != nil {
			return nil, err
		}
	}
}

// redactValue gives v, the value of a field of that name, without what could be secret.
func redactValue(name string, v any) any {
	lower := strings.ToLower(name)
	switch v := v.(type) {
	case map[string]any:
		for key, inner := range v {
			v[key] = redactValue(key, inner)
		}
		return v
	case []any:
		for i, inner := range v {
			v[i] = redactItem(lower, inner)
		}
		return v
	case string:
		switch {
		case looksSecret(name), lower == "kubectl.kubernetes.io/last-applied-configuration", holdsWords(lower):
			return hidden
		case lower == "action" || lower == "status":
			// An event of a program that was started in a container holds its command line.
			action, _, _ := strings.Cut(v, ": ")
			return action
		case lower == "value":
			return hidden
		}
	}
	return v
}

// holdsWords says whether a field holds a command line.
func holdsWords(lower string) bool {
	return slices.Contains([]string{"args", "command", "cmd", "entrypoint", "healthcheck", "test", "buildargs"}, lower)
}

// redactItem gives an item of a list of that name.
func redactItem(lower string, v any) any {
	text, isText := v.(string)
	switch {
	case !isText:
		return redactValue(lower, v)
	case lower == "env" || lower == "environment":
		name, _, _ := strings.Cut(text, "=")
		return name + "=" + hidden
	case holdsWords(lower), looksSecret(lower):
		return hidden
	default:
		return redactValue("", text)
	}
}
