package engine

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// open asks for a versioned path whose answer may go on for long. The caller closes its body; ctx ends it too.
func (c *Client) open(ctx context.Context, path string) (*http.Response, error) {
	version, err := c.negotiated(ctx)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, "/v"+version+path)
}

// hasTerminal says whether a container's output is one stream without frames.
func (c *Client) hasTerminal(ctx context.Context, escaped string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectDeadline)
	defer cancel()
	var said struct{ Config struct{ Tty bool } }
	err := c.get(ctx, "/containers/"+escaped+"/json", &said)
	if errors.Is(err, context.DeadlineExceeded) {
		return false, &answer{kind: ErrUnavailable, words: "the engine does not let go of the container: it is busy with it", cause: err}
	}
	return said.Config.Tty, err
}

// maxFrame is more than any engine puts into one frame; more is no frame.
const maxFrame = 16 << 20

// frameReader takes apart the two streams of a container that has no terminal: each frame begins with the number of its
// stream, three zeros and its length.
type frameReader struct {
	from   *bufio.Reader
	buffer []byte
	left   int // of the frame that is being read
	stderr bool
}

func newFrameReader(r io.Reader) *frameReader {
	return &frameReader{from: bufio.NewReaderSize(r, 64<<10), buffer: make([]byte, 32<<10)}
}

// next gives some bytes of one stream, valid until the next call, and whether they begin or end a frame.
func (f *frameReader) next() (chunk []byte, begins bool, err error) {
	for f.left == 0 {
		var head [8]byte
		if _, err := io.ReadFull(f.from, head[:]); err != nil {
			return nil, false, err
		}
		size := binary.BigEndian.Uint32(head[4:])
		switch {
		case head[0] > 3 || size > maxFrame:
			return nil, false, errors.New("the engine's stream is not in frames")
		case head[0] == 3: // the engine's own word about what went wrong
			words, err := io.ReadAll(io.LimitReader(f.from, int64(size)))
			return nil, false, errors.Join(fmt.Errorf("the engine ended the stream: %s", words), err)
		}
		f.left, f.stderr, begins = int(size), head[0] == 2, true
	}
	n, err := f.from.Read(f.buffer[:min(len(f.buffer), f.left)])
	f.left -= n
	if errors.Is(err, io.EOF) && f.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return f.buffer[:n], begins, err
}
