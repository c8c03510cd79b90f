package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/engine"
)

const (
	// deadline is how long an engine may take for an action.
	deadline = time.Minute
	// stopDeadline is the same for actions that wait for a process to end: it has a grace of its own, set by whoever
	// made the container.
	stopDeadline = 10 * time.Minute
	// lookEvery is how often it is looked whether the engine that is waited for is still there.
	lookEvery = time.Second
)

// act carries out the action that the annotation asks for, once, and takes the annotation away.
func (r *Reconciler) act(ctx context.Context, c *containers.Container, a containers.Action) error {
	begun, err := r.begin(ctx, c, a)
	if err != nil {
		return ignoreNotFound(err)
	}
	refusal := r.call(ctx, c, a)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := r.finish(ctx, c, begun, refusal, c.Status.ObservedGeneration); err != nil {
		return ignoreNotFound(err)
	}
	// Last: whoever waits for the annotation to go finds the outcome.
	_, err = r.cfg.Containers.Update(ctx, loop.Of(c).NamespacedName, func(c *containers.Container) error {
		if asked(c) == a { // else another action was asked for meanwhile
			delete(c.Annotations, containers.AnnotationAction)
		}
		return nil
	})
	return ignoreNotFound(err)
}

// fulfil carries out the wish of c's generation, once. A wish, unlike an action, waits for an engine that is away:
// to repeat it would not make a new generation.
func (r *Reconciler) fulfil(ctx context.Context, c *containers.Container) error {
	req := loop.Of(c)
	r.waiting.Add(req)
	a, err := r.needed(ctx, c)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, engine.ErrNotFound):
		r.waiting.Remove(req)
		return nil // the mirror is about to remove it
	case err != nil:
		return r.postpone(ctx, c, err)
	case a == "":
		r.waiting.Remove(req)
		return r.observe(ctx, c)
	}
	begun, err := r.begin(ctx, c, a)
	if err != nil {
		return ignoreNotFound(err)
	}
	refusal := r.call(ctx, c, a)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case refusal != nil && mirrored.IsAway(refusal):
		return r.postpone(ctx, c, refusal)
	}
	r.waiting.Remove(req)
	return ignoreNotFound(r.finish(ctx, c, begun, refusal, c.Generation))
}

// needed is the action that c's wish takes, if any. It asks the engine and not the mirror, which may not yet have seen
// what we did last.
func (r *Reconciler) needed(ctx context.Context, c *containers.Container) (containers.Action, error) {
	if c.Spec.State != containers.DesiredRunning && c.Spec.State != containers.DesiredCreated {
		return "", nil
	}
	eng, err := r.cfg.Locate(ctx, c.Namespace)
	if err != nil {
		return "", err
	}
	state, err := stateOf(ctx, eng, c.Status.ID)
	if err != nil {
		return "", err
	}
	return toReach(c.Spec.State, state), nil
}

// toReach is the action that leads from a state to the wish, if one is needed.
func toReach(wish containers.DesiredState, state containers.State) containers.Action {
	switch state {
	case containers.StateRemoving:
		return "" // nothing leads back from there
	case containers.StateRunning, containers.StateRestarting:
		if wish == containers.DesiredCreated {
			return containers.ActionStop
		}
		return ""
	case containers.StatePaused:
		if wish == containers.DesiredCreated {
			return containers.ActionStop
		}
		return containers.ActionUnpause
	case containers.StateCreated, containers.StateExited, containers.StateDead:
		if wish == containers.DesiredRunning {
			return containers.ActionStart
		}
		return ""
	default: // a state that we do not know: the engine does nothing where nothing is needed
		if wish == containers.DesiredRunning {
			return containers.ActionStart
		}
		return containers.ActionStop
	}
}

func stateOf(ctx context.Context, eng Engine, id string) (containers.State, error) {
	limited, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	found, err := eng.ListContainers(limited, id)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return "", mirrored.Away(fmt.Sprintf("The engine has not answered for %s.", deadline))
	}
	if err != nil {
		return "", err
	}
	for _, f := range found {
		if f.ID == id {
			return f.Status, f.Err
		}
	}
	return "", fmt.Errorf("look for container %s: %w", id, engine.ErrNotFound)
}

// call has the engine carry out a. An engine that refuses because a has no more to do has carried it out.
func (r *Reconciler) call(ctx context.Context, c *containers.Container, a containers.Action) error {
	if c.Status.ID == "" {
		return errors.New("this container has not been seen in the engine")
	}
	eng, err := r.cfg.Locate(ctx, c.Namespace)
	if err != nil {
		return err
	}
	limit := deadline
	if a == containers.ActionStop || a == containers.ActionRestart {
		limit = stopDeadline
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	limited, lost := context.WithCancelCause(limited)
	defer r.followEngine(limited, c.Namespace, lost)()
	err = send(limited, eng, c.Status.ID, a)
	if away := context.Cause(limited); err != nil && away != nil && mirrored.IsAway(away) {
		return fmt.Errorf("the engine was lost meanwhile, and may still do it: %w", away)
	}
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("the engine has not answered for %s: it may still do it", limit)
	}
	if err != nil && !errors.Is(err, engine.ErrNotFound) && !errors.Is(err, engine.ErrUnavailable) {
		// Engines do not agree on what kind of error this is; Docker 20 calls some of it an internal one.
		if state, stateErr := stateOf(ctx, eng, c.Status.ID); stateErr == nil && isDone(a, state) {
			return nil
		}
	}
	return err
}

// followEngine calls lost if the namespace's engine goes away before ctx ends: one that is half open never answers, and
// a stop is waited for longest. What it returns ends it.
func (r *Reconciler) followEngine(ctx context.Context, namespace string, lost context.CancelCauseFunc) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if _, err := r.cfg.Locate(ctx, namespace); mirrored.IsAway(err) {
				lost(err)
				return
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

func send(ctx context.Context, eng Engine, id string, a containers.Action) error {
	switch a {
	case containers.ActionStart:
		return eng.StartContainer(ctx, id)
	case containers.ActionStop:
		return eng.StopContainer(ctx, id)
	case containers.ActionRestart:
		return eng.RestartContainer(ctx, id)
	case containers.ActionPause:
		return eng.PauseContainer(ctx, id)
	case containers.ActionUnpause:
		return eng.UnpauseContainer(ctx, id)
	case containers.ActionKill:
		return eng.KillContainer(ctx, id)
	default:
		return fmt.Errorf("the action %q is not known", a)
	}
}

// isDone says whether a container in this state looks as if a had just been carried out.
func isDone(a containers.Action, state containers.State) bool {
	switch a {
	case containers.ActionPause:
		return state == containers.StatePaused
	case containers.ActionStart, containers.ActionUnpause:
		return state == containers.StateRunning
	case containers.ActionStop, containers.ActionKill:
		return toReach(containers.DesiredCreated, state) == "" && state != containers.StateRemoving
	default:
		return false
	}
}

func ignoreNotFound(err error) error {
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
