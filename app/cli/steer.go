package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/watch"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// forEver is longer than anybody waits for a container to stop.
const forEver = 365 * 24 * time.Hour

// stopActionCommand stops containers, and may start them again. With a signal or a time of the user's own the engine is asked
// for it at once: an action is one word.
func (c *CLI) stopActionCommand(use, short string, action containersv1.Action) *cobra.Command {
	cmd := c.actionCommand(use, short, action)
	var signal string
	var timeout, before int
	plain := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		query, limit := url.Values{}, actionTimeout
		if cmd.Flags().Changed("time") {
			timeout = before
		}
		if cmd.Flags().Changed("timeout") || cmd.Flags().Changed("time") {
			if timeout < -1 {
				return &usageError{err: fmt.Errorf("--timeout %d: use a number of seconds, or -1", timeout), command: cmd.CommandPath()}
			}
			query.Set("timeout", strconv.Itoa(timeout))
			limit += time.Duration(timeout) * time.Second
		}
		if timeout < 0 {
			limit = forEver
		}
		if signal != "" {
			query.Set("signal", signal)
		}
		if len(query) == 0 {
			return plain(cmd, args)
		}
		return c.eachContainerWithin(cmd.Context(), limit, args, func(ctx context.Context, m mirrored, o *container) error {
			return steer(ctx, m, o, use, query)
		})
	}
	f := cmd.Flags()
	f.IntVarP(&timeout, "timeout", "t", 0, "end it by force after so many seconds; -1 means never")
	f.IntVar(&before, "time", 0, "")
	_ = f.MarkHidden("time") // docker's older word for timeout; the flag exists
	f.StringVarP(&signal, "signal", "s", "", "stop it by this signal, such as INT")
	return cmd
}

func (c *CLI) killCommand() *cobra.Command {
	cmd := c.actionCommand("kill", "End containers at once, or send them a signal", containersv1.ActionKill)
	var signal string
	plain := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if signal == "" {
			return plain(cmd, args)
		}
		return c.eachContainer(cmd.Context(), args, func(ctx context.Context, m mirrored, o *container) error {
			return steer(ctx, m, o, "kill", url.Values{"signal": {signal}})
		})
	}
	cmd.Flags().StringVarP(&signal, "signal", "s", "", "send this signal, such as HUP, in the place of KILL")
	return cmd
}

func (c *CLI) renameCommand() *cobra.Command {
	return &cobra.Command{
		Use: "rename CONTAINER NAME", Short: "Give a container another name", Args: cobra.ExactArgs(2), ValidArgsFunction: c.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[1] == "" {
				return &usageError{err: errors.New("the new name is empty"), command: cmd.CommandPath()}
			}
			return c.withContainer(cmd.Context(), args[0], func(ctx context.Context, m mirrored, o *container) error {
				if o.Status.Name == args[1] {
					return &plainError{fmt.Sprintf("container %s has that name already.", args[1]), ""}
				}
				limited, cancel := context.WithTimeout(ctx, actionTimeout)
				defer cancel()
				if err := steer(limited, m, o, "rename", url.Values{"name": {args[1]}}); err != nil {
					return err
				}
				return renamed(limited, m, o)
			})
		},
	}
}

// renamed returns once the mirror has heard of o's new name: what is asked next finds it.
func renamed(ctx context.Context, m mirrored, o *container) error {
	for e, err := range m.Containers(m.namespace).Watch(ctx, o.Name) {
		switch {
		case err != nil:
			return err
		case e.Type == watch.Deleted, e.Type != watch.Bookmark && e.Object.Status.Name != o.Status.Name:
			return nil
		}
	}
	return ctx.Err()
}

// steer has the engine do something with a container that takes more than one word. A refusal is told in the engine's.
func steer(ctx context.Context, m mirrored, o *container, what string, query url.Values) error {
	err := m.Containers(m.namespace).Tell(ctx, http.MethodPost, o.Name, what, query, http.NoBody)
	return inEnginesWords(fmt.Sprintf("could not %s container %s", what, o.Status.Name), err)
}

// inEnginesWords makes a refusal by the engine a sentence.
func inEnginesWords(what string, err error) error {
	refused, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || apierrors.IsNotFound(err) {
		return err
	}
	return &plainError{what + ": " + refused.ErrStatus.Message, ""}
}
