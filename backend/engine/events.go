package engine

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// event is as much of an engine's event as Berth believes: which thing it is about.
type event struct {
	Type   string
	Action string
	Actor  struct {
		ID         string
		Attributes struct {
			Container string `json:"container"`
			ImageID   string `json:"imageID"`
		}
	}
}

// Events tells observe about each thing that changed, beginning with what changed since that moment by the engine's
// own clock. It blocks until the stream or ctx ends and returns why, which is never nil: an engine that ends gracefully
// makes it io.EOF or io.ErrUnexpectedEOF.
//
// observe must return at once: an engine waits for its slowest listener, and then drops events without a word.
func (c *Client) Events(ctx context.Context, since time.Time, observe func(Key)) error {
	path := fmt.Sprintf("/events?since=%d.%09d", since.Unix(), since.Nanosecond())
	err := c.read(ctx, path, func(r io.Reader) error { return decodeEvents(r, observe) })
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// maxEvent is far more than an engine says of one change.
const maxEvent = 4 << 20

// decodeEvents reads one event a line, as engines write them. A line that is too long or none that can be read is
// passed over, and observe is told that something has changed: Key{}.
func decodeEvents(r io.Reader, observe func(Key)) error {
	lines := bufio.NewReaderSize(r, 64<<10)
	for {
		line, whole, err := nextLine(lines)
		readable := decodeLine(line, observe)
		if err != nil {
			return err
		}
		if !whole || !readable {
			observe(Key{})
		}
	}
}

// nextLine gives the next line, or nothing where it is too long to be kept. It may be given along with the error that
// ended it.
func nextLine(r *bufio.Reader) (line []byte, whole bool, err error) {
	part, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return part, true, err // which is used before the next read
	}
	for whole = true; ; {
		if len(line)+len(part) > maxEvent {
			line, whole = nil, false
		}
		if whole {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, whole, err
		}
		part, err = r.ReadSlice('\n')
	}
}

// decodeLine says whether all of a line could be read.
func decodeLine(line []byte, observe func(Key)) bool {
	for dec := json.NewDecoder(bytes.NewReader(line)); ; {
		var e event
		err := dec.Decode(&e)
		var odd *json.UnmarshalTypeError // an event of another shape has been read past all the same
		if err != nil && !errors.As(err, &odd) {
			return errors.Is(err, io.EOF)
		}
		if key, ok := e.key(); ok {
			observe(key)
		}
		// Who joins or leaves a network also changes; and this is the only word about a start that failed.
		if id := e.Actor.Attributes.Container; e.Type == "network" && id != "" {
			observe(Key{KindContainer, id})
		}
	}
}

// key says what must be read again because of the event, if anything.
func (e event) key() (Key, bool) {
	action, _, _ := strings.Cut(e.Action, ":") // what follows is free text, such as the command of an exec
	key := Key{ID: e.Actor.ID}
	switch e.Type {
	case "container":
		key.Kind = KindContainer
		switch action {
		case "exec_create", "exec_start", "exec_die", "exec_detach", "attach", "detach", "resize", "top", "copy", "export",
			"archive-path", "extract-to-dir", "checkpoint":
			return Key{}, false // these change nothing that is shown, and a health check alone makes three every few seconds
		case "commit": // the only word about an image that is committed without a tag
			key = Key{KindImage, e.Actor.Attributes.ImageID}
		}
	case "network":
		key.Kind = KindNetwork
	case "image":
		key.Kind = KindImage
		if action == "save" || action == "push" {
			return Key{}, false
		}
	case "volume":
		key.Kind = KindVolume
		if action == "mount" || action == "unmount" {
			return Key{}, false
		}
	default:
		return Key{}, false
	}
	return key, true
}
