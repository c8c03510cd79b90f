package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/engine"
)

// Config is what a Server needs. All fields are required.
type Config struct {
	// Engine finds the engine that a namespace mirrors. Its error is told to the user as it is.
	Engine func(ctx context.Context, namespace string) (*engine.Client, error)
	Log    *slog.Logger
}

// Server answers. Its methods may be called from any goroutine; each lasts as long as the request that it answers.
type Server struct{ cfg Config }

// New makes a server.
func New(cfg Config) *Server { return &Server{cfg: cfg} }

func (s *Server) engine(ctx context.Context, namespace string) (*engine.Client, error) {
	e, err := s.cfg.Engine(ctx, namespace)
	if err != nil {
		return nil, apierrors.NewServiceUnavailable(err.Error())
	}
	return e, nil
}

// refusal makes an engine's no one of the API's.
func refusal(err error) error {
	var code int32
	var reason metav1.StatusReason
	var ours apierrors.APIStatus
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return err
	case errors.Is(err, context.Canceled):
		return err // nobody is there to hear it
	case errors.Is(err, engine.ErrNotFound):
		code, reason = http.StatusNotFound, metav1.StatusReasonNotFound
	case errors.Is(err, engine.ErrConflict):
		code, reason = http.StatusConflict, metav1.StatusReasonConflict
	case errors.Is(err, engine.ErrNoFile), errors.Is(err, engine.ErrInvalid):
		code, reason = http.StatusBadRequest, metav1.StatusReasonBadRequest
	case errors.Is(err, engine.ErrUnavailable):
		code, reason = http.StatusServiceUnavailable, metav1.StatusReasonServiceUnavailable
	default:
		code, reason = http.StatusInternalServerError, metav1.StatusReasonInternalError
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: code, Reason: reason, Message: err.Error(),
	}}
}

// asked reads a query, and remembers the first thing in it that makes no sense.
type asked struct {
	url.Values

	err error
}

func (a *asked) flag(name string, otherwise bool) bool {
	text := a.Get(name)
	if text == "" {
		return otherwise
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		a.wrong(name, text, "true or false")
	}
	return on
}

// number is one that is not less than 0, or otherwise.
func (a *asked) number(name string, otherwise int64) int64 {
	text := a.Get(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		a.wrong(name, text, "a number that is not negative")
	}
	return n
}

func (a *asked) wrong(name, text, want string) {
	if a.err == nil {
		a.err = apierrors.NewBadRequest(fmt.Sprintf("%s=%s: use %s", name, text, want))
	}
}
