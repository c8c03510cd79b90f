package engine

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// elements decodes a JSON array, which may be null, and calls add for each element. An element of the wrong shape
// arrives with the error and with as much as fits.
func elements[W any](r io.Reader, add func(W, error)) error {
	return rawElements(r, func(raw []byte) error { return decodeElement(raw, add) })
}

func decodeElement[W any](raw []byte, add func(W, error)) error {
	var w W
	err := json.Unmarshal(raw, &w)
	var odd *json.UnmarshalTypeError
	if err != nil && !errors.As(err, &odd) {
		return err
	}
	add(w, err)
	return nil
}

// rawElements calls each with the text of every element of a JSON array, which may be null. The text is good for that
// call only, and need not be JSON: whoever decodes it finds out.
//
// It looks at brackets and strings alone, which takes a small part of the time that decoding does. So whoever knows
// most of a list already, by its text, hardly pays for its length.
func rawElements(r io.Reader, each func(raw []byte) error) error {
	s := splitter{in: bufio.NewReaderSize(r, 64<<10)}
	if is, err := s.begins(); !is || err != nil {
		return err
	}
	for first := true; ; first = false {
		end, err := s.element()
		if err != nil {
			return err
		}
		raw := bytes.TrimSpace(s.raw)
		if first && end == ']' && len(raw) == 0 {
			return nil
		}
		if err := each(raw); err != nil {
			return err
		}
		if end == ']' {
			return nil
		}
	}
}

// splitter cuts a JSON array into its elements.
type splitter struct {
	in  *bufio.Reader
	raw []byte // the present element
}

// begins says whether the array is one, and not null. Anything else is an error.
func (s *splitter) begins() (bool, error) {
	for {
		b, err := s.in.ReadByte()
		switch {
		case err != nil:
			return false, err
		case b == '[':
			return true, nil
		case b == ' ' || b == '\t' || b == '\r' || b == '\n':
			continue
		}
		_ = s.in.UnreadByte() // what was just read can be
		other, err := json.NewDecoder(s.in).Token()
		if err == nil && other != nil {
			err = fmt.Errorf("a list was expected, not %v", other)
		}
		return false, err
	}
}

// element reads up to the end of an element, and gives what ended it: a comma or the array's own bracket.
func (s *splitter) element() (end byte, err error) {
	s.raw = s.raw[:0]
	for depth := 0; ; {
		b, err := s.in.ReadByte()
		if err != nil {
			return 0, unexpected(err)
		}
		switch b {
		case ',', ']':
			if depth == 0 {
				return b, nil
			}
		case '"':
			s.raw = append(s.raw, b)
			if err := s.text(); err != nil {
				return 0, err
			}
			continue
		}
		switch b {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		s.raw = append(s.raw, b)
	}
}

// text reads up to the end of a string.
func (s *splitter) text() error {
	for begin := len(s.raw); ; {
		part, err := s.in.ReadSlice('"')
		s.raw = append(s.raw, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return unexpected(err)
		}
		said := s.raw[begin : len(s.raw)-1]
		if escapes := len(said) - len(bytes.TrimRight(said, `\`)); escapes%2 == 0 {
			return nil // an odd one would make the quote a part of the string
		}
	}
}

// unexpected is the end of what has no end yet.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
