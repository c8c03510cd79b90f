package streams

import "sync"

// inputAhead is how many bytes may wait for a process that does not read.
const inputAhead = 16 << 20

// input is what the client typed and the process has not read. It is bounded by its bytes, not by its messages: each key
// is one, and who types while an engine does not answer for a moment is not to lose the session.
type input struct {
	more chan struct{} // tells the taker to look again
	room chan struct{} // tells the putter

	mu   sync.Mutex
	text []byte
	over bool // nothing more will be typed
}

func newInput() *input {
	return &input{more: make(chan struct{}, 1), room: make(chan struct{}, 1)}
}

// put says whether there was room.
func (in *input) put(text []byte) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.text) > 0 && len(in.text)+len(text) > inputAhead {
		return false
	}
	in.text = append(in.text, text...)
	tell(in.more)
	return true
}

// end says that nothing more will be typed.
func (in *input) end() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.over = true
	tell(in.more)
}

// take gives what waits, and whether it is the last of it.
func (in *input) take() (text []byte, over bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	text, in.text = in.text, nil
	tell(in.room)
	return text, in.over
}

func tell(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
