package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func (c *CLI) volumeCommand() *cobra.Command {
	return likeDocker(holder("volume", "Volumes: list, look into, make, remove",
		c.volumeListCommand(), c.volumeCreateCommand(), c.volumeInspectCommand(), c.volumeRemoveCommand()))
}

func (c *CLI) volumeListCommand() *cobra.Command {
	var l listing
	var only filters
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List volumes: what `docker volume ls` shows", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			items, err := m.Volumes(m.namespace).List(cmd.Context())
			if err != nil {
				return err
			}
			items = slices.DeleteFunc(items, func(o containersv1.Volume) bool { return !only.volume(&o.Status) })
			return c.printVolumes(l, items)
		},
	}
	l.flag(cmd)
	only.flag(cmd, "name", "driver", "label", "dangling")
	cmd.Flags().BoolVarP(&l.quiet, "quiet", "q", false, "show names only")
	return cmd
}

func (c *CLI) printVolumes(l listing, items []containersv1.Volume) error {
	slices.SortFunc(items, func(a, b containersv1.Volume) int { return strings.Compare(a.Status.Name, b.Status.Name) })
	list := containersv1.VolumeList{Items: items}
	list.SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("VolumeList"))
	rows, named := [][]string{}, []fields{}
	for i := range items {
		items[i].SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("Volume"))
		s := &items[i].Status
		if l.quiet {
			rows = append(rows, []string{s.Name})
			continue
		}
		rows = append(rows, []string{s.Driver, s.Name})
		named = append(named, fields{
			"Name": s.Name, "Driver": s.Driver, "Scope": s.Scope, "Mountpoint": s.Mountpoint, "Labels": labelsOf(s.Labels),
		})
	}
	return l.print(c, list, []string{"DRIVER", "VOLUME NAME"}, rows, named)
}

func (f *filters) volume(s *containersv1.VolumeStatus) bool {
	return f.text("name", s.Name) && f.label(s.Labels) &&
		f.fits("driver", func(v string) bool { return v == s.Driver }) &&
		f.fits("dangling", func(v string) bool { return v == strconv.FormatBool(len(s.InUseBy) == 0) })
}
