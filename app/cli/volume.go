package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func (c *CLI) volumeCommand() *cobra.Command {
	return holder("volume", "Volumes: list", c.volumeListCommand())
}

func (c *CLI) volumeListCommand() *cobra.Command {
	var l listing
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
			return c.printVolumes(l, items)
		},
	}
	l.flag(cmd)
	cmd.Flags().BoolVarP(&l.quiet, "quiet", "q", false, "show names only")
	return cmd
}

func (c *CLI) printVolumes(l listing, items []containersv1.Volume) error {
	slices.SortFunc(items, func(a, b containersv1.Volume) int { return strings.Compare(a.Status.Name, b.Status.Name) })
	list := containersv1.VolumeList{Items: items}
	list.SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("VolumeList"))
	rows := [][]string{}
	for i := range items {
		items[i].SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("Volume"))
		s := &items[i].Status
		if l.quiet {
			rows = append(rows, []string{s.Name})
			continue
		}
		rows = append(rows, []string{s.Driver, s.Name})
	}
	return l.print(c, list, []string{"DRIVER", "VOLUME NAME"}, rows)
}
