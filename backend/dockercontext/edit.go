package dockercontext

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The one setting of docker's that is changed here. Docker reads it whatever the case of its letters.
const currentKey = "currentContext"

// errForm says that a file is no JSON object, so docker can't read it either, and nobody should write it.
var errForm = errors.New("it is not a JSON object")

// member is one of an object's members, as offsets into its text.
type member struct {
	key              string
	start            int // of the key
	valueStart, stop int
}

// current reads the setting; it is empty if there is none.
func current(text []byte) (string, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return "", nil // docker takes an empty file for one without settings
	}
	if _, err := members(text); err != nil {
		return "", err
	}
	var settings struct {
		CurrentContext string `json:"currentContext"`
	}
	if err := json.Unmarshal(text, &settings); err != nil {
		return "", err
	}
	return settings.CurrentContext, nil
}

// withCurrent gives text with the setting changed and every other byte as it was. An empty name removes the setting.
func withCurrent(text []byte, name string) ([]byte, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		text = []byte("{}\n")
	}
	all, err := members(text)
	if err != nil {
		return nil, err
	}
	if name == "" {
		return without(text, all)
	}
	value, err := json.Marshal(name)
	if err != nil {
		return nil, fmt.Errorf("write a context's name: %w", err)
	}
	for _, m := range slices.Backward(all) { // of several the last one counts
		if strings.EqualFold(m.key, currentKey) {
			return splice(text, m.valueStart, m.stop, value), nil
		}
	}
	return insert(text, all, value), nil
}

func insert(text []byte, all []member, value []byte) []byte {
	line := append([]byte(`"`+currentKey+`": `), value...)
	if len(all) == 0 {
		open, closing := bytes.IndexByte(text, '{'), bytes.LastIndexByte(text, '}')
		return splice(text, open+1, closing, append(append([]byte("\n\t"), line...), '\n'))
	}
	last := all[len(all)-1]
	begin := last.start
	for begin > 0 && isSpace(text[begin-1]) {
		begin--
	}
	line = append(append([]byte{','}, text[begin:last.start]...), line...)
	return splice(text, last.stop, last.stop, line)
}

// without removes the setting, each time that it is there.
func without(text []byte, all []member) ([]byte, error) {
	for i, m := range slices.Backward(all) { // what comes before keeps its place
		if !strings.EqualFold(m.key, currentKey) {
			continue
		}
		switch {
		case i+1 < len(all):
			text = splice(text, m.start, all[i+1].start, nil)
		case i > 0:
			text = splice(text, all[i-1].stop, m.stop, nil)
		default:
			text = splice(text, bytes.IndexByte(text, '{')+1, bytes.LastIndexByte(text, '}'), nil)
		}
		var err error
		if all, err = members(text); err != nil {
			return nil, err
		}
	}
	return text, nil
}

func splice(text []byte, from, to int, with []byte) []byte {
	out := make([]byte, 0, len(text)+len(with))
	out = append(out, text[:from]...)
	out = append(out, with...)
	return append(out, text[to:]...)
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// members finds the members of the object that text is, and refuses whatever is not exactly one object.
func members(text []byte) ([]member, error) {
	if !json.Valid(text) {
		return nil, fmt.Errorf("%w: %w", errForm, json.Unmarshal(text, new(any)))
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, errForm
	}
	var all []member
	for d.More() {
		m := member{start: int(d.InputOffset())}
		for isSpace(text[m.start]) || text[m.start] == ',' {
			m.start++
		}
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errForm, err)
		}
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, fmt.Errorf("%w: %w", errForm, err)
		}
		m.key, _ = key.(string) // an object's keys are strings
		m.stop = int(d.InputOffset())
		m.valueStart = m.stop - len(raw)
		all = append(all, m)
	}
	return all, nil
}
