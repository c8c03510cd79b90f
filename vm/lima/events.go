package lima

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode"
)

// event is what the host agent tells of the machine.
type event struct {
	Status struct {
		Running  bool     `json:"running"`
		Degraded bool     `json:"degraded"`
		Exiting  bool     `json:"exiting"`
		Errors   []string `json:"errors"`
	} `json:"status"`
}

func parseEvent(line []byte) (event, bool) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil || !bytes.Contains(line, []byte(`"status"`)) {
		return event{}, false
	}
	return e, true
}

// said is a line of the host agent's log.
type said struct {
	Level string `json:"level"`
	Msg   string `json:"msg"`
	Error string `json:"error"`
}

// parseSaid reads a line. The last words of a program that fails are no JSON, and are taken as they are.
func parseSaid(line []byte) said {
	var s said
	if err := json.Unmarshal(line, &s); err != nil {
		return said{Level: "error", Msg: plain(line)}
	}
	s.Msg, s.Error = plain([]byte(s.Msg)), plain([]byte(s.Error))
	return s
}

func (s said) text() string {
	if s.Error != "" {
		return s.Msg + ": " + s.Error
	}
	return s.Msg
}

var escapes = regexp.MustCompile(`\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[()][A-Za-z0-9]|[=>78cDEHMZ])`)

// plain is a line of a terminal without what moves the cursor or colours; what a guest says is anybody's text.
func plain(line []byte) string {
	text := escapes.ReplaceAllString(strings.ToValidUTF8(string(line), "�"), "")
	if i := strings.LastIndexByte(strings.TrimRight(text, "\r"), '\r'); i >= 0 {
		text = text[i+1:] // what was written over is gone
	}
	text = strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
	const most = 300
	if r := []rune(strings.TrimSpace(text)); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.TrimSpace(text)
}

// tailer reads what is added to a file, line by line.
type tailer struct {
	path   string
	offset int64
	rest   []byte
}

// lines are those that were completed since the last call. A file that is not there yet has none; one that became
// shorter is read from its beginning.
func (t *tailer) lines() [][]byte {
	f, err := os.Open(t.path)
	if err != nil {
		return nil
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil
	}
	if st.Size() < t.offset {
		t.offset, t.rest = 0, nil
	}
	if st.Size() == t.offset {
		return nil
	}
	if _, err := f.Seek(t.offset, io.SeekStart); err != nil {
		return nil
	}
	const most = 4 << 20
	text, err := io.ReadAll(io.LimitReader(f, most))
	t.offset += int64(len(text))
	if err != nil && !errors.Is(err, io.EOF) && len(text) == 0 {
		return nil
	}
	parts := bytes.Split(append(t.rest, text...), []byte("\n"))
	t.rest = bytes.Clone(parts[len(parts)-1])
	if len(t.rest) > 64<<10 {
		t.rest = nil // nobody reads such a line
	}
	return parts[:len(parts)-1]
}

// tail is the end of a log as plain text, at most n lines of it.
func tail(path string, n int, line func([]byte) string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var out []string
	for l := range bytes.SplitSeq(text[max(0, len(text)-64<<10):], []byte("\n")) {
		if s := line(l); s != "" {
			out = append(out, s)
		}
	}
	return out[max(0, len(out)-n):]
}
