package cli

import (
	"context"
	"io"
	"os"

	"golang.org/x/term"

	"github.com/berth-desktop/berth/backend/api/stream"
)

// terminal is the user's own, as a session needs it. It is nil where there is none.
type terminal struct{ in, out int }

// openTerminal gives the terminal that r reads from, if it is one.
func openTerminal(r io.Reader, w io.Writer) *terminal {
	in, ok := r.(*os.File)
	if !ok || !term.IsTerminal(descriptor(in)) {
		return nil
	}
	t := &terminal{in: descriptor(in), out: descriptor(in)}
	if out, ok := w.(*os.File); ok && term.IsTerminal(descriptor(out)) {
		t.out = descriptor(out)
	}
	return t
}

func descriptor(f *os.File) int { return int(f.Fd()) } //nolint:gosec // a descriptor is small

// raw passes each key on as it is typed, until restore is called.
func (t *terminal) raw() (restore func(), err error) {
	before, err := term.MakeRaw(t.in)
	if err != nil {
		return nil, err
	}
	return func() { _ = term.Restore(t.in, before) }, nil // the terminal may be gone
}

func (t *terminal) size() (stream.Size, bool) {
	width, height, err := term.GetSize(t.out)
	if err != nil || width <= 0 || height <= 0 {
		return stream.Size{}, false
	}
	return stream.Size{Width: uint16(min(width, 1<<15)), Height: uint16(min(height, 1<<15))}, true //nolint:gosec // bounded
}

// sizes tells each size that the terminal gets, until ctx ends.
func (t *terminal) sizes(ctx context.Context, tell func(stream.Size)) {
	changed, stop := resized()
	defer stop()
	var last stream.Size
	for {
		if now, ok := t.size(); ok && now != last {
			last = now
			tell(now)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}
