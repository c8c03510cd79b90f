package cli

import (
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

const none = "<none>"

func (c *CLI) imageCommand() *cobra.Command {
	return holder("image", "Images: list", c.imageListCommand())
}

func (c *CLI) imageListCommand() *cobra.Command {
	var l listing
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List images: what `docker image ls` shows", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			items, err := m.Images(m.namespace).List(cmd.Context())
			if err != nil {
				return err
			}
			return c.printImages(l, items, time.Now())
		},
	}
	l.flags(cmd)
	return cmd
}

func (c *CLI) printImages(l listing, items []containersv1.Image, now time.Time) error {
	slices.SortFunc(items, func(a, b containersv1.Image) int {
		return newestFirst(a.Status.CreatedAt, b.Status.CreatedAt, a.Status.RepoTag+a.Name, b.Status.RepoTag+b.Name)
	})
	list := containersv1.ImageList{Items: items}
	list.SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("ImageList"))
	rows := [][]string{}
	for i := range items {
		items[i].SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("Image"))
		s := &items[i].Status
		if l.quiet {
			rows = append(rows, []string{l.id(s.ID)})
			continue
		}
		repository, tag := splitTag(s.RepoTag)
		id := l.id(s.ID)
		rows = append(rows, []string{repository, tag, id, ago(now, s.CreatedAt), units.HumanSizeWithPrecision(float64(s.Size), 3)})
	}
	return l.print(c, list, []string{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}, rows)
}

// splitTag takes a name apart. A colon before the last slash belongs to a registry's port.
func splitTag(repoTag string) (repository, tag string) {
	if repoTag == "" {
		return none, none
	}
	at := strings.LastIndex(repoTag, ":")
	if at < 0 || strings.Contains(repoTag[at:], "/") {
		return repoTag, none
	}
	return repoTag[:at], repoTag[at+1:]
}
