package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-desktop/berth/backend/api/condition"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// actionTimeout is more than docker gives a container to stop.
const actionTimeout = time.Minute

type container = containersv1.Container

func (c *CLI) actionCommand(use, short string, action containersv1.Action) *cobra.Command {
	return &cobra.Command{
		Use: use + " CONTAINER…", Short: short, Args: cobra.MinimumNArgs(1), ValidArgsFunction: c.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachContainer(cmd.Context(), args, func(ctx context.Context, m mirrored, o *container) error {
				return act(ctx, m, o, action)
			})
		},
	}
}

func (c *CLI) containerRemoveCommand() *cobra.Command {
	var force, volumes bool
	cmd := &cobra.Command{
		Use: "rm CONTAINER…", Short: "Remove containers, with their anonymous volumes", Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: c.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.eachContainer(cmd.Context(), args, func(ctx context.Context, m mirrored, o *container) error {
				if up(o.Status.Status) && !force {
					return &plainError{fmt.Sprintf("container %s is running.", o.Status.Name), "Stop it first, or remove it with --force."}
				}
				return remove(ctx, m, o)
			})
		},
	}
	cmd.Flags().BoolVarP(&volumes, "volumes", "v", false, "with their anonymous volumes, which go in any case")
	cmd.Flags().BoolVarP(&force, "force", "f", false, "also those that are running")
	return cmd
}

// eachContainer does one thing to each container that is named, and prints the names of those to which it was done.
// One that fails does not hold up the others.
func (c *CLI) eachContainer(ctx context.Context, args []string, do func(context.Context, mirrored, *container) error) error {
	return c.eachContainerWithin(ctx, actionTimeout, args, do)
}

// eachContainerWithin gives each so much time.
func (c *CLI) eachContainerWithin(ctx context.Context, limit time.Duration, args []string, do func(context.Context, mirrored, *container) error) error {
	m, err := c.mirror(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	all, err := m.Containers(m.namespace).List(ctx)
	if err != nil {
		return err
	}
	code := exitDone
	for _, arg := range args {
		err := c.toContainer(ctx, limit, m, all, arg, do)
		if err != nil {
			code = c.report(err)
			continue
		}
		if _, err := fmt.Fprintln(c.cfg.Stdout, arg); err != nil {
			return err
		}
	}
	if code != exitDone {
		return exitCode(code)
	}
	return nil
}

func (c *CLI) toContainer(ctx context.Context, limit time.Duration, m mirrored, all []container, arg string, do func(context.Context, mirrored, *container) error) error {
	o, err := find(all, arg)
	if err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err = do(limited, m, o)
	if apierrors.IsNotFound(err) {
		return wentAway(o)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return &timeoutError{after: limit, at: "container " + o.Status.Name}
	}
	return err
}

func wentAway(o *container) error {
	return &plainError{fmt.Sprintf("container %s went away.", o.Status.Name), "`berth container ls -a` lists those that are there."}
}

// find picks the container of that name, or ID, or beginning of an ID that no other has.
func find(all []container, arg string) (*container, error) {
	var found []*container
	for i := range all {
		switch s := &all[i].Status; {
		case s.Name == arg, s.ID == arg:
			return &all[i], nil
		case arg != "" && strings.HasPrefix(s.ID, arg):
			found = append(found, &all[i])
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, &plainError{fmt.Sprintf("there is no container %q.", arg), "`berth container ls -a` lists them."}
	default:
		return nil, &plainError{fmt.Sprintf("%d containers have an ID that begins with %q.", len(found), arg), "Name one, or give more of its ID."}
	}
}

// act asks for one action and returns once it has an outcome.
func act(ctx context.Context, m mirrored, o *container, action containersv1.Action) error {
	containers := m.Containers(m.namespace)
	wish := map[string]any{"metadata": map[string]any{"annotations": map[string]any{containersv1.AnnotationAction: string(action)}}}
	asked, err := containers.Patch(ctx, o.Name, wish)
	if err != nil {
		return err
	}
	for e, err := range containers.Watch(ctx, o.Name) {
		switch {
		case err != nil:
			return err
		case e.Type == watch.Deleted:
			return wentAway(o)
		case e.Type == watch.Bookmark:
			continue
		}
		last := outcomeOf(e.Object, asked, action)
		if last == nil {
			continue
		}
		if last.State == containersv1.ActionFailed {
			return &plainError{fmt.Sprintf("could not %s container %s: %s", action, o.Status.Name, last.Error), ""}
		}
		return nil
	}
	return ctx.Err()
}

// outcomeOf is the outcome of the action that was asked for, once there is one. That of an earlier one does not count.
func outcomeOf(now, asked *container, action containersv1.Action) *containersv1.LastAction {
	last := now.Status.LastAction
	if last == nil || last.Action != action || last.State == containersv1.ActionPending {
		return nil
	}
	if before := asked.Status.LastAction; before != nil && !last.ObservedAt.After(before.ObservedAt.Time) {
		return nil
	}
	return last
}

// remove deletes a container and returns once it is gone.
func remove(ctx context.Context, m mirrored, o *container) error {
	containers := m.Containers(m.namespace)
	if err := containers.Delete(ctx, o.Name); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	for e, err := range containers.Watch(ctx, o.Name) {
		switch {
		case err != nil:
			return err
		case e.Type == watch.Deleted:
			return nil
		case e.Type == watch.Bookmark:
			// All that is there has been told. If that was nothing, it is gone.
			if _, err := containers.Get(ctx, o.Name); apierrors.IsNotFound(err) {
				return nil
			}
			continue
		}
		stuck := condition.Get(e.Object.Status.Conditions, containersv1.ConditionDeleting)
		if stuck.Status == metav1.ConditionFalse {
			return &plainError{fmt.Sprintf("could not remove container %s: %s", o.Status.Name, stuck.Message), ""}
		}
	}
	return ctx.Err()
}

// completeContainer offers the names of containers, if they are there to ask: pressing Tab starts nothing.
func (c *CLI) completeContainer(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	d, err := c.reach(cmd.Context(), false)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer d.Close()
	app, err := d.App(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, err := d.Containers(app.Spec.Namespace).List(cmd.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var offers []string
	for i := range all {
		offers = append(offers, all[i].Status.Name)
	}
	return offers, cobra.ShellCompDirectiveNoFileComp
}
