package container

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

// begin writes that an action is under way.
func (r *Reconciler) begin(ctx context.Context, c *containers.Container, a containers.Action) (containers.LastAction, error) {
	begun := containers.LastAction{Action: a, State: containers.ActionPending, ObservedAt: now()}
	_, err := r.cfg.Containers.UpdateStatus(ctx, loop.Of(c).NamespacedName, func(c *containers.Container) error {
		c.Status.LastAction = begun.DeepCopy()
		return nil
	})
	if err != nil {
		return begun, fmt.Errorf("announce %s of container %s: %w", a, c.Name, err)
	}
	return begun, nil
}

// finish writes how the action went, and up to which generation c's wishes are carried out.
func (r *Reconciler) finish(ctx context.Context, c *containers.Container, begun containers.LastAction, refusal error, generation int64) error {
	ended := now()
	begun.CompletedAt, begun.State = &ended, containers.ActionSucceeded
	if refusal != nil {
		begun.State, begun.Error = containers.ActionFailed, mirrored.Sentence(refusal)
	}
	r.cfg.Log.Info("Container action ended", "container", c.Name, "action", begun.Action, "error", refusal)
	_, err := r.cfg.Containers.UpdateStatus(ctx, loop.Of(c).NamespacedName, func(c *containers.Container) error {
		if isSame(c.Status.LastAction, begun) { // else a kill did not wait for the end of this one, and is the last
			c.Status.LastAction = begun.DeepCopy()
		}
		c.Status.ObservedGeneration = max(c.Status.ObservedGeneration, generation)
		return nil
	})
	if err != nil {
		return fmt.Errorf("write how %s of container %s went: %w", begun.Action, c.Name, err)
	}
	return nil
}

// isSame says that what the status speaks of is the action that was begun.
func isSame(said *containers.LastAction, begun containers.LastAction) bool {
	return said != nil && said.Action == begun.Action && said.ObservedAt.Equal(&begun.ObservedAt)
}

// observe writes that the wish of c's generation needs nothing more.
func (r *Reconciler) observe(ctx context.Context, c *containers.Container) error {
	_, err := r.cfg.Containers.UpdateStatus(ctx, loop.Of(c).NamespacedName, func(now *containers.Container) error {
		now.Status.ObservedGeneration = max(now.Status.ObservedGeneration, c.Generation)
		return nil
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("write that container %s is as wished: %w", c.Name, err)
	}
	return nil
}

// postpone says why c's wish has to wait. The engine's return wakes it; an engine that is only believed to be there is
// asked again, less and less often.
func (r *Reconciler) postpone(ctx context.Context, c *containers.Container, refusal error) error {
	a := containers.ActionStop
	if c.Spec.State == containers.DesiredRunning {
		a = containers.ActionStart
	}
	_, err := r.cfg.Containers.UpdateStatus(ctx, loop.Of(c).NamespacedName, func(c *containers.Container) error {
		words := mirrored.Sentence(refusal)
		if l := c.Status.LastAction; l != nil && l.Action == a && l.State == containers.ActionFailed && l.Error == words {
			return nil // it is said already, and to say it again would wake us again
		}
		t := now()
		c.Status.LastAction = &containers.LastAction{Action: a, State: containers.ActionFailed, Error: words, ObservedAt: t, CompletedAt: &t}
		return nil
	})
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return fmt.Errorf("say why container %s has to wait: %w", c.Name, err)
	case mirrored.IsAway(refusal) && !errors.Is(refusal, engine.ErrUnavailable):
		return nil
	default:
		return fmt.Errorf("bring container %s to the state %s: %w", c.Name, c.Spec.State, refusal)
	}
}
