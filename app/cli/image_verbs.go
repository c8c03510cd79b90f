package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func (c *CLI) imageRemoveCommand() *cobra.Command {
	var force bool
	t := imageThings()
	cmd := t.removeCommand(c, "rm IMAGE…", "Remove tags, and images with their last tag")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return t.each(cmd.Context(), c, args, func(ctx context.Context, m mirrored, _ string, found []*containersv1.Image) error {
			if len(found) > 1 && !force {
				return &plainError{
					fmt.Sprintf("image %s has %d tags: %s.", shortened(found[0]), len(found), strings.Join(tags(found), ", ")),
					"Name one of them, or remove them all with --force.",
				}
			}
			for _, i := range found {
				if err := t.remove(ctx, m, i); err != nil {
					return err
				}
				if _, err := fmt.Fprintln(c.cfg.Stdout, "Untagged: "+clean(t.name(i))); err != nil {
					return err
				}
			}
			return nil
		})
	}
	cmd.Flags().BoolVarP(&force, "force", "f", false, "all tags of an image that is named by its ID")
	return cmd
}

// imageTagCommand gives an image a further name, and ends once that is mirrored, so that the user's next command knows it.
func (c *CLI) imageTagCommand() *cobra.Command {
	return &cobra.Command{
		Use: "tag IMAGE NAME[:TAG]", Short: "Give an image a further name; another image that has it loses it", Args: cobra.ExactArgs(2),
		Example:           "  berth image tag shop ghcr.io/owner/shop:1",
		ValidArgsFunction: imageThings().complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			done, err := carriedOut(cmd.Context(), m.ImageTags(m.namespace),
				&containersv1.ImageTag{
					ObjectMeta: metav1.ObjectMeta{GenerateName: "tag-"}, Spec: containersv1.ImageTagSpec{Source: args[0], Target: args[1]},
				},
				"the request for the name", "`berth image ls` shows whether the image has it.",
				func(t *containersv1.ImageTag) []metav1.Condition { return t.Status.Conditions })
			if err != nil {
				return err
			}
			_, err = appeared(cmd.Context(), m.Images(m.namespace), done.Status.ImageName)
			return err
		},
	}
}

func tags(found []*containersv1.Image) []string {
	var all []string
	for _, i := range found {
		all = append(all, i.Status.RepoTag)
	}
	return sorted(all)
}

func shortened(i *containersv1.Image) string {
	return (&listing{}).id(i.Status.ID)
}

// layer is what the engine says of one step of an image's making.
type layer struct {
	ID        string `json:"Id"`
	Created   int64
	CreatedBy string
	Size      int64
	Comment   string
}

func (c *CLI) imageHistoryCommand() *cobra.Command {
	var l listing
	t := imageThings()
	cmd := &cobra.Command{
		Use: "history IMAGE", Short: "How an image was made, latest step first", Args: cobra.ExactArgs(1), ValidArgsFunction: t.complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			return t.each(cmd.Context(), c, args, func(ctx context.Context, m mirrored, _ string, found []*containersv1.Image) error {
				text, err := t.ask(ctx, m, found[0], "history")
				if err != nil {
					return err
				}
				var layers []layer
				if err := json.Unmarshal(text, &layers); err != nil {
					return fmt.Errorf("read what the engine said: %w", err)
				}
				return c.printHistory(l, layers, time.Now())
			})
		},
	}
	l.flags(cmd)
	return cmd
}

func (c *CLI) printHistory(l listing, layers []layer, now time.Time) error {
	rows, named := [][]string{}, []fields{}
	for _, y := range layers {
		id, by := y.ID, y.CreatedBy
		if strings.HasPrefix(id, "sha256:") {
			id = l.id(id)
		}
		if letters := []rune(by); !l.whole && len(letters) > 45 {
			by = string(letters[:44]) + "…"
		}
		made, size := metav1.Unix(y.Created, 0), units.HumanSizeWithPrecision(float64(y.Size), 3)
		rows = append(rows, []string{id, ago(now, &made), by, size, y.Comment})
		named = append(named, fields{"ID": id, "CreatedSince": ago(now, &made), "CreatedAt": exactly(&made), "CreatedBy": by, "Size": size, "Comment": y.Comment})
	}
	return l.print(c, layers, []string{"IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"}, rows, named)
}
