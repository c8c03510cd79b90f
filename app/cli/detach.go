package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

// defaultDetachKeys leave a session without ending what it is held with, as docker's do.
const defaultDetachKeys = "ctrl-p,ctrl-q"

// errDetached says that the user has left a session by those keys.
var errDetached = errors.New("left by the detach keys")

// detachKeys is a flag: keys in turn, such as ctrl-p,ctrl-q.
type detachKeys struct {
	text  string
	bytes []byte
}

func (k *detachKeys) flag(f *pflag.FlagSet) {
	_ = k.Set(defaultDetachKeys) // it can be read
	f.Var(k, "detach-keys", "leave a terminal by these keys in turn, and let what runs there go on")
}

// String implements pflag.Value.
func (k *detachKeys) String() string { return k.text }

// Type implements pflag.Value.
func (*detachKeys) Type() string { return "keys" }

// Set implements pflag.Value.
func (k *detachKeys) Set(text string) error {
	var all []byte
	for key := range strings.SplitSeq(text, ",") {
		b, err := keyByte(key)
		if err != nil {
			return err
		}
		all = append(all, b)
	}
	k.text, k.bytes = text, all
	return nil
}

// keyByte is what a terminal sends for a key.
func keyByte(key string) (byte, error) {
	if len(key) == 1 {
		return key[0], nil
	}
	if letter, ok := strings.CutPrefix(strings.ToLower(key), "ctrl-"); ok && len(letter) == 1 {
		if at := strings.IndexByte("@abcdefghijklmnopqrstuvwxyz[\\]^_", letter[0]); at >= 0 {
			return byte(at), nil
		}
	}
	return 0, fmt.Errorf("%q is no key: use a character, or ctrl- and a letter or one of @ [ \\ ] ^ _", key)
}

// leaver reads what is typed, until the keys come. What looks like their beginning is held back until it is none.
type leaver struct {
	from io.Reader
	keys []byte
	seen int    // how many of keys have come
	rest []byte // read and not yet passed on
	err  error
}

// Read implements io.Reader. It ends with errDetached.
func (l *leaver) Read(to []byte) (int, error) {
	for len(l.rest) == 0 {
		if l.err != nil {
			return 0, l.err
		}
		buffer := make([]byte, 4096)
		n, err := l.from.Read(buffer)
		l.heed(buffer[:n])
		if l.err == nil && err != nil {
			l.rest, l.seen, l.err = append(l.rest, l.keys[:l.seen]...), 0, err
		}
	}
	n := copy(to, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func (l *leaver) heed(typed []byte) {
	for _, b := range typed {
		held := append(bytes.Clone(l.keys[:l.seen]), b)
		// What is held back may end in the beginning of the keys once more.
		for !bytes.HasPrefix(l.keys, held) {
			l.rest, held = append(l.rest, held[0]), held[1:]
		}
		if l.seen = len(held); l.seen == len(l.keys) {
			l.err = errDetached
			return
		}
	}
}
