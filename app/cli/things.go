package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-desktop/berth/backend/api/condition"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/client"
)

// things is what the verbs that all kinds share know of one.
type things[T any, P store.Object[T]] struct {
	noun       string
	in         func(m mirrored) *client.Resource[T, P]
	name       func(P) string // for people
	id         func(P) string
	called     func(o P, arg string) bool // whether arg names it in whole
	conditions func(P) []metav1.Condition
}

func containerThings() things[containersv1.Container, *containersv1.Container] {
	return things[containersv1.Container, *containersv1.Container]{
		noun: "container",
		in: func(m mirrored) *client.Resource[containersv1.Container, *containersv1.Container] {
			return m.Containers(m.namespace)
		},
		name:       func(c *containersv1.Container) string { return c.Status.Name },
		id:         func(c *containersv1.Container) string { return c.Status.ID },
		called:     func(c *containersv1.Container, arg string) bool { return c.Status.Name == strings.TrimPrefix(arg, "/") },
		conditions: func(c *containersv1.Container) []metav1.Condition { return c.Status.Conditions },
	}
}

func imageThings() things[containersv1.Image, *containersv1.Image] {
	return things[containersv1.Image, *containersv1.Image]{
		noun: "image",
		in: func(m mirrored) *client.Resource[containersv1.Image, *containersv1.Image] {
			return m.Images(m.namespace)
		},
		name: func(i *containersv1.Image) string {
			if i.Status.RepoTag == "" {
				return i.Status.ID
			}
			return i.Status.RepoTag
		},
		id: func(i *containersv1.Image) string { return strings.TrimPrefix(i.Status.ID, "sha256:") },
		called: func(i *containersv1.Image, arg string) bool {
			arg = strings.TrimPrefix(strings.TrimPrefix(arg, "docker.io/"), "library/")
			if _, tag := splitTag(arg); tag == none {
				arg += ":latest"
			}
			return i.Status.RepoTag == arg
		},
		conditions: func(i *containersv1.Image) []metav1.Condition { return i.Status.Conditions },
	}
}

func volumeThings() things[containersv1.Volume, *containersv1.Volume] {
	return things[containersv1.Volume, *containersv1.Volume]{
		noun: "volume",
		in: func(m mirrored) *client.Resource[containersv1.Volume, *containersv1.Volume] {
			return m.Volumes(m.namespace)
		},
		name:       func(v *containersv1.Volume) string { return v.Status.Name },
		id:         func(*containersv1.Volume) string { return "" },
		called:     func(v *containersv1.Volume, arg string) bool { return v.Status.Name == arg },
		conditions: func(v *containersv1.Volume) []metav1.Condition { return v.Status.Conditions },
	}
}

func networkThings() things[containersv1.Network, *containersv1.Network] {
	return things[containersv1.Network, *containersv1.Network]{
		noun: "network",
		in: func(m mirrored) *client.Resource[containersv1.Network, *containersv1.Network] {
			return m.Networks(m.namespace)
		},
		name:       func(n *containersv1.Network) string { return n.Status.Name },
		id:         func(n *containersv1.Network) string { return n.Status.ID },
		called:     func(n *containersv1.Network, arg string) bool { return n.Status.Name == arg },
		conditions: func(n *containersv1.Network) []metav1.Condition { return n.Status.Conditions },
	}
}

// find picks what arg names, or all that share the one ID that begins with it.
func (t things[T, P]) find(all []T, arg string) ([]P, error) {
	var found []P
	ids := map[string]bool{}
	begins := strings.TrimPrefix(arg, "sha256:")
	for i := range all {
		o := P(&all[i])
		id := t.id(o)
		if t.called(o, arg) || (id != "" && id == begins) {
			if id == begins {
				found, ids = append(found, o), map[string]bool{id: true}
				continue
			}
			return []P{o}, nil
		}
		if begins != "" && id != "" && strings.HasPrefix(id, begins) {
			found, ids[id] = append(found, o), true
		}
	}
	switch len(ids) {
	case 1:
		return found, nil
	case 0:
		return nil, &plainError{fmt.Sprintf("there is no %s %q.", t.noun, arg), fmt.Sprintf("`berth %s ls` lists them.", t.noun)}
	default:
		return nil, &plainError{fmt.Sprintf("%d %ss have an ID that begins with %q.", len(ids), t.noun, arg), "Name one, or give more of its ID."}
	}
}

// each does one thing to what each argument names, and tells of each that failed. One does not hold up the others.
func (t things[T, P]) each(ctx context.Context, c *CLI, args []string, do func(ctx context.Context, m mirrored, arg string, found []P) error) error {
	m, err := c.mirror(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	all, err := t.in(m).List(ctx)
	if err != nil {
		return err
	}
	code := exitDone
	for _, arg := range args {
		found, err := t.find(all, arg)
		if err == nil {
			err = do(ctx, m, arg, found)
		}
		if err != nil {
			code = c.report(err)
		}
	}
	if code != exitDone {
		return exitCode(code)
	}
	return nil
}

// remove deletes one, and returns once it is gone.
func (t things[T, P]) remove(ctx context.Context, m mirrored, o P) error {
	limited, cancel := context.WithTimeout(ctx, actionTimeout)
	defer cancel()
	err := t.await(limited, m, o)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return &timeoutError{after: actionTimeout, at: t.noun + " " + t.name(o)}
	}
	return err
}

func (t things[T, P]) await(ctx context.Context, m mirrored, o P) error {
	all := t.in(m)
	if err := all.Delete(ctx, o.GetName()); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		if apierrors.IsForbidden(err) {
			_, why, _ := strings.Cut(err.Error(), "is forbidden: ")
			return &plainError{why, ""}
		}
		return err
	}
	for e, err := range all.Watch(ctx, o.GetName()) {
		switch {
		case err != nil:
			return err
		case e.Type == watch.Deleted:
			return nil
		case e.Type == watch.Bookmark:
			if _, err := all.Get(ctx, o.GetName()); apierrors.IsNotFound(err) {
				return nil
			}
			continue
		}
		stuck := condition.Get(t.conditions(e.Object), containersv1.ConditionDeleting)
		if stuck.Status == metav1.ConditionFalse {
			next := ""
			if stuck.Reason == "InUse" {
				next = "It is marked, and goes once nobody uses it."
			}
			return &plainError{fmt.Sprintf("could not remove %s %s: %s", t.noun, t.name(o), stuck.Message), next}
		}
	}
	return ctx.Err()
}

// complete offers names, if they are there to ask: pressing Tab starts nothing.
func (t things[T, P]) complete(c *CLI) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		d, err := c.reach(cmd.Context(), false)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer d.Close()
		app, err := d.App(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		all, err := t.in(mirrored{d, app.Spec.Namespace}).List(cmd.Context())
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var offers []string
		for i := range all {
			offers = append(offers, t.name(P(&all[i])))
		}
		return offers, cobra.ShellCompDirectiveNoFileComp
	}
}

// removeCommand removes what its arguments name.
func (t things[T, P]) removeCommand(c *CLI, use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Aliases: []string{"remove"}, Args: cobra.MinimumNArgs(1), ValidArgsFunction: t.complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.each(cmd.Context(), c, args, func(ctx context.Context, m mirrored, arg string, found []P) error {
				if err := t.remove(ctx, m, found[0]); err != nil {
					return err
				}
				_, err := fmt.Fprintln(c.cfg.Stdout, arg)
				return err
			})
		},
	}
}

// ask reads all that the daemon says of one besides the object.
func (t things[T, P]) ask(ctx context.Context, m mirrored, o P, subresource string) ([]byte, error) {
	body, err := t.in(m).Ask(ctx, o.GetName(), subresource, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}
