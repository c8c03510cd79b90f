package client

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
)

// birth is how long a daemon that has just started may take to make its App.
const birth = 10 * time.Second

// NotSettledError says that the App will not settle without the user.
type NotSettledError struct {
	// Message is what happened.
	Message string
	// Hint is the next thing to do; it may be empty.
	Hint string
	// LogTail is the end of the log that explains it; it may be empty.
	LogTail []string
}

// Error implements error.
func (e *NotSettledError) Error() string { return e.Message }

// App returns the App. It waits for a daemon that has just started to make it.
func (c *Client) App(ctx context.Context) (*appv1.App, error) {
	app, err := c.Apps().Get(ctx, appv1.AppName)
	if !apierrors.IsNotFound(err) {
		return app, err
	}
	limited, cancel := context.WithTimeout(ctx, birth)
	defer cancel()
	for e, err := range c.Apps().Watch(limited, appv1.AppName) {
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			return nil, apierrors.NewNotFound(appv1.Resource("apps"), appv1.AppName)
		}
		if err != nil {
			return nil, err
		}
		if e.Type == watch.Added || e.Type == watch.Modified {
			return e.Object, nil
		}
	}
	return nil, ctx.Err()
}

// SetRunning says whether the engine should be up, and returns the App with the generation to wait for. A start that
// is asked for after one that failed is a new one.
func (c *Client) SetRunning(ctx context.Context, running bool) (*appv1.App, error) {
	app, err := c.App(ctx)
	if err != nil {
		return nil, err
	}
	wish := map[string]any{"running": running}
	if app.Spec.Running == running && failed(app, app.Generation) != nil {
		// The wish is as before: a patch of nothing else would change nothing, and nobody would try again.
		wish["retriedAt"] = metav1.NowMicro()
	}
	return c.Apps().Patch(ctx, appv1.AppName, map[string]any{"spec": wish})
}

// WaitSettled returns nil once the App is as its spec of that generation wants it, or of a later one, and a
// *NotSettledError once it will not be without the user. observe, unless nil, sees the App as it is and each change.
func (c *Client) WaitSettled(ctx context.Context, generation int64, observe func(*appv1.App)) error {
	for e, err := range c.Apps().Watch(ctx, appv1.AppName) {
		switch {
		case err != nil:
			return err
		case e.Type == watch.Deleted:
			return apierrors.NewNotFound(appv1.Resource("apps"), appv1.AppName)
		case e.Type == watch.Bookmark:
			continue
		}
		if observe != nil {
			observe(e.Object)
		}
		if Settled(e.Object, generation) {
			return nil
		}
		if err := failed(e.Object, generation); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Settled says whether the App is as its spec of that generation wants it. What was said of an earlier one counts for
// nothing.
func Settled(app *appv1.App, generation int64) bool {
	c, ok := condition.Since(app.Status.Conditions, appv1.ConditionSettled, generation)
	return ok && c.Status == metav1.ConditionTrue
}

// failed is nil unless the App will not settle on that generation.
func failed(app *appv1.App, generation int64) error {
	c, ok := condition.Since(app.Status.Conditions, appv1.ConditionSettled, generation)
	if !ok || c.Status != metav1.ConditionFalse || c.Reason != appv1.ReasonFailed {
		return nil
	}
	if f := app.Status.Failure; f != nil {
		return &NotSettledError{Message: f.Message, Hint: f.Hint, LogTail: f.LogTail}
	}
	return &NotSettledError{Message: c.Message}
}
