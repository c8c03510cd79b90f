package cli

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

const none = "<none>"

func (c *CLI) imageCommand() *cobra.Command {
	return likeDocker(holder("image", "Images: list, pull, push, name, look into, remove",
		c.imageListCommand(), c.imagePullCommand(), c.imagePushCommand(), c.imageTagCommand(), c.imageInspectCommand(), c.imageHistoryCommand(), c.imageRemoveCommand()))
}

func (c *CLI) imageListCommand() *cobra.Command {
	var l listing
	var only filters
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
			items = slices.DeleteFunc(items, func(o containersv1.Image) bool { return !only.image(&o.Status) })
			return c.printImages(l, items, time.Now())
		},
	}
	l.flags(cmd)
	only.flag(cmd, "reference", "dangling", "label")
	return cmd
}

func (c *CLI) printImages(l listing, items []containersv1.Image, now time.Time) error {
	slices.SortFunc(items, func(a, b containersv1.Image) int {
		return newestFirst(a.Status.CreatedAt, b.Status.CreatedAt, a.Status.RepoTag+a.Name, b.Status.RepoTag+b.Name)
	})
	list := containersv1.ImageList{Items: items}
	list.SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("ImageList"))
	rows, named := [][]string{}, []fields{}
	for i := range items {
		items[i].SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("Image"))
		s := &items[i].Status
		if l.quiet {
			rows = append(rows, []string{l.id(s.ID)})
			continue
		}
		repository, tag := splitTag(s.RepoTag)
		id := l.id(s.ID)
		size := units.HumanSizeWithPrecision(float64(s.Size), 3)
		rows = append(rows, []string{repository, tag, id, ago(now, s.CreatedAt), size})
		named = append(named, fields{
			"Repository": repository, "Tag": tag, "ID": id, "CreatedSince": ago(now, s.CreatedAt), "CreatedAt": exactly(s.CreatedAt), "Size": size,
		})
	}
	return l.print(c, list, []string{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"}, rows, named)
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

func (f *filters) image(s *containersv1.ImageStatus) bool {
	return f.label(s.Labels) &&
		f.fits("dangling", func(v string) bool { return v == strconv.FormatBool(s.Dangling) }) &&
		f.fits("reference", func(v string) bool {
			repository, _ := splitTag(s.RepoTag)
			whole, _ := path.Match(v, s.RepoTag)
			part, _ := path.Match(v, repository)
			return whole || part
		})
}
