package engine

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"time"
)

// LogOptions say which part of a log is wanted.
type LogOptions struct {
	Stdout, Stderr bool
	Follow         bool
	Tail           int       // how many lines from the end; less than 0 means all
	Since, Until   time.Time // zero where there is no such bound
	Details        bool      // begin each line with what the log options of the container add
}

// LogChunk is some bytes of a log.
type LogChunk struct {
	Stderr bool
	// Time is when the engine got the line. It is zero in what continues a line.
	Time time.Time
	// Text ends with a line break where the line does. It is valid until the next chunk.
	Text []byte
	// More says that the next chunk is here already.
	More bool
}

// Logs tells each about the log of a container until it ends, in order, as fast as each returns. With Follow that is
// when the container has stopped and all is told, or ctx ends. The first chunk is empty: it says that the engine has begun
// to answer, which a follower of a silent container wants to know. An error of each ends it and is returned.
func (c *Client) Logs(ctx context.Context, id string, o LogOptions, each func(LogChunk) error) error {
	err := c.logs(ctx, id, o, each)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("read the log of container %s: %w", short(id), err)
	}
	return nil
}

func (c *Client) logs(ctx context.Context, id string, o LogOptions, each func(LogChunk) error) error {
	name, err := segment(id)
	if err != nil {
		return err
	}
	terminal, err := c.hasTerminal(ctx, name)
	if err != nil {
		return err
	}
	res, err := c.open(ctx, "/containers/"+name+"/logs?"+o.query())
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := each(LogChunk{}); err != nil {
		return err
	}
	if terminal {
		return plainLog(bufio.NewReaderSize(res.Body, 64<<10), each)
	}
	return framedLog(newFrameReader(res.Body), each)
}

func (o LogOptions) query() string {
	q := url.Values{"timestamps": {"1"}, "tail": {"all"}}
	for name, on := range map[string]bool{"stdout": o.Stdout, "stderr": o.Stderr, "follow": o.Follow, "details": o.Details} {
		if on {
			q.Set(name, "1")
		}
	}
	if o.Tail >= 0 {
		q.Set("tail", strconv.Itoa(o.Tail))
	}
	for name, at := range map[string]time.Time{"since": o.Since, "until": o.Until} {
		if !at.IsZero() {
			q.Set(name, fmt.Sprintf("%d.%09d", at.Unix(), at.Nanosecond()))
		}
	}
	return q.Encode()
}

// framedLog reads a log in which every frame begins with a time, also those that continue a long line.
func framedLog(frames *frameReader, each func(LogChunk) error) error {
	var half [2]bool // whether the last frame of that stream left its line open
	for {
		chunk, begins, err := frames.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		out := LogChunk{Stderr: frames.stderr, Text: chunk, More: frames.left > 0 || frames.from.Buffered() > 0}
		open := &half[0]
		if frames.stderr {
			open = &half[1]
		}
		if begins {
			out.Time, out.Text = cutTime(chunk)
		}
		if *open {
			out.Time = time.Time{}
		}
		*open = !bytes.HasSuffix(out.Text, []byte("\n"))
		if err := each(out); err != nil {
			return err
		}
	}
}

// plainLog reads the log of a container with a terminal: lines that begin with a time.
func plainLog(r *bufio.Reader, each func(LogChunk) error) error {
	for begins := true; ; {
		text, err := r.ReadSlice('\n')
		if len(text) > 0 {
			out := LogChunk{Text: text, More: r.Buffered() > 0}
			if begins {
				out.Time, out.Text = cutTime(text)
			}
			begins = err == nil
			if err := each(out); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
	}
}

// cutTime takes the engine's time off a line. A line without one is a part of one whose beginning was cut off.
func cutTime(line []byte) (time.Time, []byte) {
	head, text, ok := bytes.Cut(line, []byte(" "))
	if !ok || len(head) > len("2006-01-02T15:04:05.000000000+00:00") {
		return time.Time{}, line
	}
	at, err := time.Parse(time.RFC3339Nano, string(head))
	if err != nil {
		return time.Time{}, line
	}
	return at, text
}
