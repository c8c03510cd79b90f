package engine

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// What a caller may branch on; the error itself holds the engine's own words.
var (
	// ErrNotFound is returned when the engine has no such thing.
	ErrNotFound = errors.New("not found in the engine")
	// ErrConflict is returned when the thing is in use or in the wrong state for what was asked.
	ErrConflict = errors.New("refused by the engine in its present state")
	// ErrInvalid is returned when what was asked makes no sense to the engine.
	ErrInvalid = errors.New("refused by the engine as senseless")
	// ErrUnavailable is returned when the engine cannot be reached.
	ErrUnavailable = errors.New("the engine cannot be reached")
)

// answer is an engine's refusal, or the lack of any answer.
type answer struct {
	kind  error // one of the sentinels, or nil
	words string
	cause error // may be nil
}

func (a *answer) Error() string { return a.words }

// Unwrap lets errors.Is find the kind and the cause.
func (a *answer) Unwrap() []error {
	var all []error
	if a.kind != nil {
		all = append(all, a.kind)
	}
	if a.cause != nil {
		all = append(all, a.cause)
	}
	return all
}

// translate turns an error of moby's client into ours.
func translate(err error) error {
	a := &answer{words: strings.TrimPrefix(err.Error(), "Error response from daemon: "), cause: err}
	switch {
	case errdefs.IsNotFound(err):
		a.kind = ErrNotFound
	case errdefs.IsConflict(err):
		a.kind = ErrConflict
	case errdefs.IsInvalidArgument(err):
		a.kind = ErrInvalid
	case client.IsErrConnectionFailed(err):
		a.kind = ErrUnavailable
	}
	return a
}

// refusal is the error that an HTTP answer amounts to.
func refusal(res *http.Response) error {
	const most = 64 << 10
	body, err := io.ReadAll(io.LimitReader(res.Body, most))
	a := &answer{words: strings.TrimSpace(string(body)), cause: err}
	var said struct{ Message string }
	if json.Unmarshal(body, &said) == nil && said.Message != "" {
		a.words = said.Message
	}
	if a.words == "" {
		a.words = res.Status
	}
	switch res.StatusCode {
	case http.StatusNotFound:
		a.kind = ErrNotFound
	case http.StatusConflict:
		a.kind = ErrConflict
	}
	return a
}
