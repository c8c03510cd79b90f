// Package pull fetches images for the requests that want them, with the user's logins, and says in the user's words why
// one cannot be had.
package pull

import (
	"context"
	"errors"
	"fmt"

	"github.com/distribution/reference"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// Engine is what is asked of an engine here.
type Engine interface {
	PullImage(ctx context.Context, p engine.Pull, each func(engine.PullProgress)) (engine.Pulled, error)
}

// Logins finds the login for an image's registry; an empty one where the user has none.
type Logins func(ctx context.Context, ref string) (engine.Login, error)

// Error is why an image was not pulled.
type Error struct {
	Reason string // of an ImagePull
	words  string
	cause  error
}

func (e *Error) Error() string { return e.words }
func (e *Error) Unwrap() error { return e.cause }

// Image pulls one, and tells each of how far that has come. Its error is an *Error.
func Image(ctx context.Context, eng Engine, logins Logins, ref, platform string, each func(engine.PullProgress)) (engine.Pulled, error) {
	login, loginErr := logins(ctx, ref)
	// Without the login it may still be had: most images are for everybody.
	pulled, err := eng.PullImage(ctx, engine.Pull{Reference: ref, Platform: platform, Login: login}, each)
	switch {
	case err == nil:
		return pulled, nil
	case ctx.Err() != nil:
		return engine.Pulled{}, &Error{containers.ReasonInterrupted, fmt.Sprintf("The pull of %s was interrupted before the image was there. Pull it again: layers that are there are not fetched twice.", ref), err}
	default:
		return engine.Pulled{}, explain(err, loginErr, ref, login != engine.Login{})
	}
}

func explain(err, loginErr error, ref string, asSomebody bool) *Error {
	registry := registryOf(ref)
	because := func(reason, format string, args ...any) *Error {
		return &Error{reason, fmt.Sprintf(format, args...) + fmt.Sprintf(" (%v)", err), err}
	}
	switch {
	case errors.Is(err, engine.ErrDenied) && loginErr != nil:
		return because(containers.ReasonAccessDenied, "%s wants a login for %s, and docker's stored one could not be read: %v. Run `docker login %s` and pull again.", registry, ref, loginErr, registry)
	case errors.Is(err, engine.ErrDenied) && asSomebody:
		return because(containers.ReasonAccessDenied, "%s does not let the user of docker's stored login pull %s, or has no such image. Check the name, or run `docker login %s` as somebody else.", registry, ref, registry)
	case errors.Is(err, engine.ErrDenied):
		return because(containers.ReasonAccessDenied, "%s wants a login for %s, or has no such image. Check the name, or run `docker login %s` and pull again.", registry, ref, registry)
	case errors.Is(err, engine.ErrNotFound):
		return because(containers.ReasonNoSuchImage, "%s has no image %s, or none for this platform. Check the name and the tag.", registry, ref)
	case errors.Is(err, engine.ErrRateLimited):
		return because(containers.ReasonRateLimited, "%s lets no more be pulled for now. Wait, or run `docker login %s`: users who are known may pull more.", registry, registry)
	case errors.Is(err, engine.ErrUnreachable):
		return because(containers.ReasonRegistryUnreachable, "The engine cannot reach %s. Check the network, the proxy and the registry's name, and pull again.", registry)
	case errors.Is(err, engine.ErrNoSpace):
		return because(containers.ReasonNoSpace, "The engine's disk is full. Make room with `berth prune` and pull %s again.", ref)
	case errors.Is(err, engine.ErrCutOff), errors.Is(err, engine.ErrUnavailable):
		return because(containers.ReasonInterrupted, "The engine ended before %s was there. Start it with `berth start` and pull again: layers that are there are not fetched twice.", ref)
	default:
		return &Error{containers.ReasonEngineRefused, err.Error(), err}
	}
}

func registryOf(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "The registry"
	}
	return reference.Domain(named)
}
