package registry

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// errand is a pull or a push in words.
type errand struct {
	ref, registry string
	verb, done    string // pull, pulled
	where         string // what a registry may lack that says no
	there         string // what would have been so at the end
	again         string // why to repeat it costs little
	missing       string // the reason where the registry lacks something
	lacks, full   string // what that is, and where there is no room, with the next step
}

func pulling(ref string) errand {
	registry := registryOf(ref)
	return errand{
		ref: ref, registry: registry, verb: "pull", done: "pulled", where: "image",
		there: "the image was there", again: "layers that are there are not fetched twice",
		missing: containers.ReasonNoSuchImage,
		lacks:   fmt.Sprintf("%s has no image %s, or none for this platform. Check the name and the tag.", registry, ref),
		full:    "The engine's disk is full. Make room with `berth prune`",
	}
}

func pushing(ref string) errand {
	registry := registryOf(ref)
	return errand{
		ref: ref, registry: registry, verb: "push", done: "pushed", where: "repository",
		there: "the registry had all of it", again: "layers that are there are not sent twice",
		missing: containers.ReasonNoSuchRepository,
		lacks:   fmt.Sprintf("%s has no repository for %s, or the image is not for that platform. Check the name, or make the repository there.", registry, ref),
		full:    fmt.Sprintf("There is no room left, at %s or on the engine's disk. Make some, here with `berth prune`,", registry),
	}
}

func (e errand) explain(ctx context.Context, err, loginErr error, asSomebody bool) *Error {
	because := func(reason, format string, args ...any) *Error {
		return &Error{reason, fmt.Sprintf(format, args...) + fmt.Sprintf(" (%v)", err), err}
	}
	switch {
	case ctx.Err() != nil:
		return &Error{containers.ReasonInterrupted, fmt.Sprintf("The %s of %s was interrupted before %s. %s it again: %s.", e.verb, e.ref, e.there, capital(e.verb), e.again), err}
	case errors.Is(err, engine.ErrDenied) && loginErr != nil:
		return because(containers.ReasonAccessDenied, "%s wants a login for %s, and docker's stored one could not be read: %v. Run `docker login %s` and %s again.", e.registry, e.ref, loginErr, e.registry, e.verb)
	case errors.Is(err, engine.ErrDenied) && asSomebody:
		return because(containers.ReasonAccessDenied, "%s does not let the user of docker's stored login %s %s, or has no such %s. Check the name, or run `docker login %s` as somebody else.", e.registry, e.verb, e.ref, e.where, e.registry)
	case errors.Is(err, engine.ErrDenied):
		return because(containers.ReasonAccessDenied, "%s wants a login for %s, or has no such %s. Check the name, or run `docker login %s` and %s again.", e.registry, e.ref, e.where, e.registry, e.verb)
	case errors.Is(err, engine.ErrNotFound):
		return because(e.missing, "%s", e.lacks)
	case errors.Is(err, engine.ErrRateLimited):
		return because(containers.ReasonRateLimited, "%s lets no more be %s for now. Wait, or run `docker login %s`: users who are known may %s more.", e.registry, e.done, e.registry, e.verb)
	case errors.Is(err, engine.ErrUnreachable):
		return because(containers.ReasonRegistryUnreachable, "The engine cannot reach %s. Check the network, the proxy and the registry's name, and %s again.", e.registry, e.verb)
	case errors.Is(err, engine.ErrNoSpace):
		return because(containers.ReasonNoSpace, "%s and %s %s again.", e.full, e.verb, e.ref)
	case errors.Is(err, engine.ErrCutOff), errors.Is(err, engine.ErrUnavailable):
		return because(containers.ReasonInterrupted, "The engine ended before %s: %s. Start it with `berth start` and %s again: %s.", e.there, e.ref, e.verb, e.again)
	default:
		return &Error{containers.ReasonEngineRefused, err.Error(), err}
	}
}

func capital(verb string) string { return strings.ToUpper(verb[:1]) + verb[1:] }

func registryOf(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "The registry"
	}
	return reference.Domain(named)
}
