package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
)

// pruning says what of the unused goes, and how it is asked.
type pruning struct {
	scope
	format
	dryRun, yes bool
}

func (c *CLI) pruneCommand() *cobra.Command {
	var p pruning
	cmd := &cobra.Command{
		Use: "prune", Short: "List what nobody uses, and remove it", Args: cobra.NoArgs,
		Long: "List what nobody uses, each thing with its reason, and remove it once you have said yes: containers that are stopped,\n" +
			"networks without containers, images without tags. Images with tags go only with --all, and volumes, which hold data,\n" +
			"only with --volumes. What is used again in the meantime stays.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.prune(cmd.Context(), p) },
	}
	flags := cmd.Flags()
	flags.BoolVarP(&p.tagged, "all", "a", false, "also images that have a tag")
	flags.BoolVar(&p.volumes, "volumes", false, "also volumes, with their data")
	flags.DurationVar(&p.older, "older-than", 0, "only what was made, or has stopped, that long ago, such as 48h")
	flags.BoolVar(&p.dryRun, "dry-run", false, "list only")
	flags.BoolVarP(&p.yes, "yes", "y", false, "do not ask")
	p.flag(cmd)
	return cmd
}

func (c *CLI) prune(ctx context.Context, p pruning) error {
	m, err := c.mirror(ctx)
	if err != nil {
		return err
	}
	defer m.Close()
	h, err := m.held(ctx)
	if err != nil {
		return err
	}
	all := unused(h, p.scope, time.Now())
	if err := c.printUnused(p.format, all); err != nil {
		return err
	}
	if len(all) == 0 {
		c.say("Everything is used: there is nothing to remove.")
		return nil
	}
	what := fmt.Sprintf("%d things", len(all))
	if len(all) == 1 {
		what = "1 thing"
	}
	frees := gain(all, h.Images)
	if frees != "" {
		frees = fmt.Sprintf(", which frees %s at most", frees)
	}
	if p.dryRun {
		c.say("%s would be removed%s. Nothing was done.", what, frees)
		return nil
	}
	if !p.yes {
		if err := c.confirm(ctx, fmt.Sprintf("There is no way back. Remove %s%s?", what, frees)); err != nil {
			return err
		}
	}
	return c.removeUnused(ctx, m, h, all)
}

func (m mirrored) held(ctx context.Context) (h held, err error) {
	if h.Containers, err = m.Containers(m.namespace).List(ctx); err != nil {
		return h, err
	}
	if h.Images, err = m.Images(m.namespace).List(ctx); err != nil {
		return h, err
	}
	if h.Volumes, err = m.Volumes(m.namespace).List(ctx); err != nil {
		return h, err
	}
	h.Networks, err = m.Networks(m.namespace).List(ctx)
	return h, err
}

func (c *CLI) printUnused(f format, all []unusedThing) error {
	if !f.table() {
		if all == nil {
			all = []unusedThing{} // an empty list, not null
		}
		return f.print(c.cfg.Stdout, all)
	}
	if len(all) == 0 {
		return nil
	}
	rows := [][]string{}
	for _, t := range all {
		size := ""
		if t.Bytes > 0 {
			size = units.HumanSizeWithPrecision(float64(t.Bytes), 3)
		}
		rows = append(rows, []string{t.Kind, t.Name, size, t.Why})
	}
	return printTable(c.cfg.Stdout, []string{"KIND", "NAME", "SIZE", "WHY"}, rows)
}

// removeUnused removes one after the other, and tells of each that stays; one does not hold up the others.
func (c *CLI) removeUnused(ctx context.Context, m mirrored, h held, all []unusedThing) error {
	code, gone := exitDone, 0
	containers := map[string]bool{} // those that are gone, by name
	for _, t := range all {
		if err := t.remove(ctx, m, h, containers); err != nil {
			code = c.report(err)
			continue
		}
		gone++
		if t.Kind == "container" {
			containers[t.Name] = true
		}
	}
	c.say("Removed %d of %d.", gone, len(all))
	if code != exitDone {
		return exitCode(code)
	}
	return nil
}

// remove looks once more: what somebody has begun to use since the list was shown stays. It must not even be asked for,
// because what is in use and marked goes when its last user does. Containers that are gone may still be named as users.
func (t unusedThing) remove(ctx context.Context, m mirrored, h held, gone map[string]bool) error {
	idle := func(users []string) bool {
		return !slices.ContainsFunc(users, func(u string) bool { return !gone[u] })
	}
	switch t.Kind {
	case "container":
		return removeIf(ctx, m, containerThings(), &h.Containers[t.at], func(o *containersv1.Container) bool { return !stays(&o.Status) })
	case "network":
		return removeIf(ctx, m, networkThings(), &h.Networks[t.at], func(o *containersv1.Network) bool {
			return !slices.ContainsFunc(o.Status.Members, func(n containersv1.NetworkMember) bool { return !gone[n.Name] })
		})
	case "image":
		return removeIf(ctx, m, imageThings(), &h.Images[t.at], func(o *containersv1.Image) bool { return o.Status.ID == t.image && idle(o.Status.InUseBy) })
	default:
		return removeIf(ctx, m, volumeThings(), &h.Volumes[t.at], func(o *containersv1.Volume) bool { return idle(o.Status.InUseBy) })
	}
}

func removeIf[T any, P store.Object[T]](ctx context.Context, m mirrored, kind things[T, P], seen P, still func(P) bool) error {
	now, err := kind.in(m).Get(ctx, seen.GetName())
	switch {
	case apierrors.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case !still(now):
		return &plainError{fmt.Sprintf("%s %s is used since the list was made.", kind.noun, kind.name(now)), "It stays."}
	}
	return kind.remove(ctx, m, now)
}
