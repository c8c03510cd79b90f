package tray

import (
	"strings"
	"unicode"
)

// clean makes one short line of what may come from an engine: no control characters, none that turn the direction of
// the text.
func clean(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// wrap breaks a text between words into that many lines of at most width characters. What has no room is cut; lines
// without text are empty.
func wrap(s string, width, lines int) []string {
	all := make([]string, lines)
	words := strings.Fields(clean(s, width*lines))
	for i := range all {
		for len(words) > 0 {
			longer := strings.TrimSpace(all[i] + " " + words[0])
			if len([]rune(longer)) > width && all[i] != "" && i < lines-1 {
				break
			}
			all[i], words = longer, words[1:]
		}
		all[i] = clean(all[i], width)
	}
	return all
}
