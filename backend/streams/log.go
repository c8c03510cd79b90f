package streams

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/stream"
	"github.com/berth-desktop/berth/backend/engine"
)

// errEnough ends a log that has reached the limit that was asked for.
var errEnough = errors.New("the limit is reached")

// Log answers with a container's log.
func (s *Server) Log(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	o := engine.LogOptions{
		Stdout: q.flag("stdout", true), Stderr: q.flag("stderr", true), Follow: q.flag("follow", false),
		Tail: int(q.number("tailLines", -1)), Since: q.since(), Until: q.moment("untilTime"), Details: q.flag("details", false),
	}
	asJSON, timestamps := q.Get("format") == "json", q.flag("timestamps", false)
	limit := q.number("limitBytes", -1)
	if f := q.Get("format"); f != "" && f != "json" && f != "text" {
		q.wrong("format", f, "json or text")
	}
	if q.err != nil {
		return q.err
	}
	e, err := s.engine(r.Context(), c.Namespace)
	if err != nil {
		return err
	}
	out := newOutlet(w, limit)
	out.kind("text/plain; charset=utf-8")
	write := plain(out, timestamps)
	if asJSON {
		out.kind("application/x-ndjson")
		lines := &jsonLines{out: out}
		defer lines.end()
		write = lines.write
	}
	err = e.Logs(r.Context(), c.Name, o, func(chunk engine.LogChunk) error {
		if err := write(chunk); err != nil {
			return err
		}
		if chunk.More {
			return nil
		}
		return out.flush()
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return refusal(err)
}

func (a *asked) since() time.Time {
	if a.Get("sinceTime") != "" {
		return a.moment("sinceTime")
	}
	if n := a.number("sinceSeconds", 0); n > 0 {
		return time.Now().Add(-time.Duration(n) * time.Second)
	}
	return time.Time{}
}

// moment is zero where none was given.
func (a *asked) moment(name string) time.Time {
	text := a.Get(name)
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		a.wrong(name, text, "a time such as 2006-01-02T15:04:05Z")
	}
	return at
}

// plain writes a log as it is.
func plain(out *outlet, timestamps bool) func(engine.LogChunk) error {
	return func(c engine.LogChunk) error {
		if timestamps && !c.Time.IsZero() {
			if _, err := out.Write([]byte(c.Time.Format("2006-01-02T15:04:05.000000000Z07:00") + " ")); err != nil {
				return err
			}
		}
		_, err := out.Write(c.Text)
		return err
	}
}

// jsonLines puts lines together, of both streams at a time, and writes each as JSON.
type jsonLines struct {
	out  *outlet
	half [2]halfLine
}

type halfLine struct {
	open bool
	at   time.Time
	text []byte
	cut  int64
}

func (j *jsonLines) write(c engine.LogChunk) error {
	h, name := &j.half[0], "stdout"
	if c.Stderr {
		h, name = &j.half[1], "stderr"
	}
	for rest := c.Text; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		rest = after
		if !h.open {
			h.open, h.at = true, c.Time
		}
		h.add(line)
		if whole {
			if err := j.tell(h, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *halfLine) add(text []byte) {
	room := min(len(text), stream.MaxLine-len(h.text))
	h.text = append(h.text, text[:room]...)
	h.cut += int64(len(text) - room)
}

func (j *jsonLines) tell(h *halfLine, name string) error {
	line := stream.LogLine{Stream: name, Time: h.at, Line: string(bytes.TrimSuffix(h.text, []byte("\r"))), Cut: h.cut}
	h.open, h.text, h.cut = false, h.text[:0], 0
	if cap(h.text) > stream.MaxLine/4 {
		h.text = nil // long lines are rare, and a log may be followed for days
	}
	enc := json.NewEncoder(j.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(line)
}

// end tells the last lines, which nothing has ended.
func (j *jsonLines) end() {
	for i, name := range []string{"stdout", "stderr"} {
		if j.half[i].open {
			_ = j.tell(&j.half[i], name) // there is nobody left to tell if it fails
		}
	}
	_ = j.out.flush()
}

// outlet is the body of an answer: buffered, flushed when nothing more is at hand, and limited.
type outlet struct {
	http  http.ResponseWriter
	to    *bufio.Writer
	limit int64 // bytes that may still be written; less than 0 means any
}

func newOutlet(w http.ResponseWriter, limit int64) *outlet {
	return &outlet{http: w, to: bufio.NewWriterSize(w, 32<<10), limit: limit}
}

func (o *outlet) kind(mime string) {
	o.http.Header().Set("Content-Type", mime)
	o.http.Header().Set("X-Content-Type-Options", "nosniff")
}

// Write implements io.Writer. It ends with errEnough at the limit.
func (o *outlet) Write(b []byte) (int, error) {
	if o.limit < 0 {
		return o.to.Write(b)
	}
	n, err := o.to.Write(b[:min(int64(len(b)), o.limit)])
	o.limit -= int64(n)
	if err == nil && n < len(b) {
		err = errors.Join(errEnough, o.flush())
	}
	return n, err
}

func (o *outlet) flush() error {
	if err := o.to.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(o.http).Flush()
}

var _ io.Writer = &outlet{}
