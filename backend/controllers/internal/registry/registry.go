// Package registry has an engine exchange images with registries for the requests that want it, with the user's logins, and
// says in the user's words why that cannot be.
package registry

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// Puller is what is asked of an engine for a pull.
type Puller interface {
	PullImage(ctx context.Context, p engine.Pull, each func(engine.Progress)) (engine.Pulled, error)
}

// Pusher is what is asked of an engine for a push.
type Pusher interface {
	ImageIDOf(ctx context.Context, ref string) (string, error)
	PushImage(ctx context.Context, p engine.Push, each func(engine.Progress)) (digest string, err error)
}

// Logins finds the login for an image's registry; an empty one where the user has none.
type Logins func(ctx context.Context, ref string) (engine.Login, error)

// Error is why an image did not get where it was to be.
type Error struct {
	Reason string // of an ImagePull or an ImagePush
	words  string
	cause  error
}

func (e *Error) Error() string { return e.words }
func (e *Error) Unwrap() error { return e.cause }

// Show tells of progress in the status of a request.
func Show(to *containers.TransferProgress, now engine.Progress) {
	*to = containers.TransferProgress{
		Progress: now.Line, LayersDone: now.LayersDone, LayersTotal: now.LayersTotal, BytesCurrent: now.BytesCurrent, BytesTotal: now.BytesTotal,
	}
}

// Arrived tells that all has come, of which the last was not told within a beat.
func Arrived(to *containers.TransferProgress) {
	to.Progress, to.LayersDone, to.BytesCurrent = "", to.LayersTotal, to.BytesTotal
}

// Failed is the condition that says why an image did not get where it was to be.
func Failed(err error) metav1.Condition {
	reason := containers.ReasonEngineRefused
	if why, is := errors.AsType[*Error](err); is {
		reason = why.Reason
	}
	return metav1.Condition{Type: containers.ConditionFailed, Status: metav1.ConditionTrue, Reason: reason, Message: err.Error()}
}

// Pull fetches an image, and tells each of how far that has come. Its error is an *Error.
func Pull(ctx context.Context, eng Puller, logins Logins, ref, platform string, each func(engine.Progress)) (engine.Pulled, error) {
	login, loginErr := logins(ctx, ref)
	// Without the login it may still be had: most images are for everybody.
	pulled, err := eng.PullImage(ctx, engine.Pull{Reference: ref, Platform: platform, Login: login}, each)
	if err != nil {
		return engine.Pulled{}, pulling(ref).explain(ctx, err, loginErr, login != engine.Login{})
	}
	return pulled, nil
}

// Push sends an image, tells each of how far that has come, and gives the registry's digest of it. Its error is an *Error.
func Push(ctx context.Context, eng Pusher, logins Logins, ref, platform string, each func(engine.Progress)) (digest string, err error) {
	if _, err := eng.ImageIDOf(ctx, ref); errors.Is(err, engine.ErrNotFound) { // a registry's words for what it lacks are the same
		return "", &Error{containers.ReasonNoSuchImage, fmt.Sprintf("There is no image %s here. `berth image ls` shows those that there are, and `berth image tag` gives one this name. (%v)", ref, err), err}
	}
	login, loginErr := logins(ctx, ref)
	digest, err = eng.PushImage(ctx, engine.Push{Reference: ref, Platform: platform, Login: login}, each)
	if err != nil {
		return "", pushing(ref).explain(ctx, err, loginErr, login != engine.Login{})
	}
	return digest, nil
}
