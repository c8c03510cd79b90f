package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// The exit codes of `run` that are no container's, as docker has them.
const (
	exitNotRun     = 125
	exitNotAllowed = 126
	exitNoCommand  = 127
)

func (c *CLI) runCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "run IMAGE [COMMAND [ARGUMENT…]]", Short: "Make a container and start it", Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: imageThings().complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.hasEntrypoint = cmd.Flags().Changed("entrypoint")
			if err := o.read(args); err != nil {
				return &usageError{err: err, command: cmd.CommandPath()}
			}
			if o.TTY && o.Stdin && !o.detach && openTerminal(c.cfg.Stdin, c.cfg.Stdout) == nil {
				return &plainError{"the input is not a terminal.", "Leave out -t."}
			}
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			return c.run(cmd.Context(), m, &o)
		},
	}
	f := cmd.Flags()
	f.BoolVarP(&o.detach, "detach", "d", false, "print its ID, and do not wait for it")
	o.keys.flag(f)
	f.BoolVar(&o.AutoRemove, "rm", false, "remove it once it has stopped")
	o.flags(f)
	return likeDocker(cmd)
}

// createCommand makes a container that is started later.
func (c *CLI) createCommand() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use: "create IMAGE [COMMAND [ARGUMENT…]]", Short: "Make a container without starting it, and print its ID", Args: cobra.MinimumNArgs(1),
		ValidArgsFunction: imageThings().complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.hasEntrypoint = cmd.Flags().Changed("entrypoint")
			if err := o.read(args); err != nil {
				return &usageError{err: err, command: cmd.CommandPath()}
			}
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			o.detach = true
			return c.run(cmd.Context(), m, &o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.AutoRemove, "rm", false, "remove it once it was started and has stopped")
	o.flags(f)
	return likeDocker(cmd)
}

func (c *CLI) run(ctx context.Context, m mirrored, o *runOptions) error {
	id, err := c.create(ctx, m, o)
	if err != nil {
		return err
	}
	if o.detach {
		if !o.AutoRemove || !o.Start { // one that runs already may be gone before it is seen
			if _, err := appeared(ctx, m.Containers(m.namespace), id); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintln(c.cfg.Stdout, id)
		return err
	}
	made, err := appeared(ctx, m.Containers(m.namespace), id)
	if err != nil {
		return err
	}
	session, err := m.Containers(m.namespace).Talk(ctx, id, "attach", url.Values{"stdin": {strconv.FormatBool(o.Stdin)}, "start": {"true"}})
	if err != nil {
		return err
	}
	defer session.Close()
	// Whoever interrupts `run` means the container: it is asked to stop, and says how it ended.
	defer context.AfterFunc(ctx, func() {
		later, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionTimeout)
		defer cancel()
		_ = act(later, m, made, containersv1.ActionStop) // it may have ended
	})()
	code, err := c.hold(context.WithoutCancel(ctx), talk{session: session, stdin: o.Stdin, tty: o.TTY, keys: o.keys})
	var refused apierrors.APIStatus
	if errors.As(err, &refused) { // it never ran
		c.report(&plainError{refused.Status().Message, ""})
		return exitCode(codeOfStart(refused.Status().Message))
	}
	return c.parted(code, err)
}

// codeOfStart is docker's exit code for a container that could not be started.
func codeOfStart(why string) int {
	switch {
	case strings.Contains(why, "executable file not found"), strings.Contains(why, "no such file or directory"),
		strings.Contains(why, "system cannot find the file specified"):
		return exitNoCommand
	case strings.Contains(why, "permission denied"), strings.Contains(why, "is a directory"):
		return exitNotAllowed
	default:
		return exitNotRun
	}
}

// create has a container made, tells what is done for it, and gives its ID.
func (c *CLI) create(ctx context.Context, m mirrored, o *runOptions) (string, error) {
	line := c.newPullLine(o.quiet)
	defer line.end()
	made, err := carriedOut(ctx, m.ContainerCreates(m.namespace),
		&containersv1.ContainerCreate{ObjectMeta: metav1.ObjectMeta{GenerateName: "run-"}, Spec: o.ContainerCreateSpec},
		"the request for the container", "`berth container ls -a` shows whether it was made.",
		func(r *containersv1.ContainerCreate) []metav1.Condition {
			line.show(r.Status.Progress)
			return r.Status.Conditions
		})
	line.end()
	if made == nil {
		return "", err
	}
	if err != nil {
		c.report(err)
		if made.Status.ContainerID != "" {
			return "", exitCode(codeOfStart(err.Error()))
		}
		return "", exitCode(exitNotRun)
	}
	for _, w := range made.Status.Warnings {
		c.say("WARNING: %s", w)
	}
	return made.Status.ContainerID, nil
}

// hasTerminal asks whether a container has one: the mirror does not know.
func (c *CLI) hasTerminal(ctx context.Context, m mirrored, o *container) (bool, error) {
	text, err := containerThings().ask(ctx, m, o, "inspect")
	if err != nil {
		return false, err
	}
	var said struct{ Config struct{ Tty bool } }
	return said.Config.Tty, json.Unmarshal(text, &said)
}
