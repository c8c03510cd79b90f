package cli

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func (c *CLI) networkCommand() *cobra.Command {
	return likeDocker(holder("network", "Networks: list, look into, make, remove",
		c.networkListCommand(), c.networkCreateCommand(), c.networkInspectCommand(),
		networkThings().removeCommand(c, "rm NETWORK…", "Remove networks that nobody is connected to")))
}

func (c *CLI) networkListCommand() *cobra.Command {
	var l listing
	var only filters
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List networks: what `docker network ls` shows", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			items, err := m.Networks(m.namespace).List(cmd.Context())
			if err != nil {
				return err
			}
			items = slices.DeleteFunc(items, func(o containersv1.Network) bool { return !only.network(&o.Status) })
			return c.printNetworks(l, items)
		},
	}
	l.flags(cmd)
	only.flag(cmd, "name", "id", "driver", "scope", "label", "dangling")
	return cmd
}

func (f *filters) network(s *containersv1.NetworkStatus) bool {
	return f.text("name", s.Name) && f.label(s.Labels) &&
		f.fits("id", func(v string) bool { return strings.HasPrefix(s.ID, v) }) &&
		f.fits("driver", func(v string) bool { return v == s.Driver }) &&
		f.fits("scope", func(v string) bool { return v == s.Scope }) &&
		f.fits("dangling", func(v string) bool { return v == strconv.FormatBool(!s.BuiltIn && len(s.Members) == 0) })
}

func (c *CLI) printNetworks(l listing, items []containersv1.Network) error {
	slices.SortFunc(items, func(a, b containersv1.Network) int { return strings.Compare(a.Status.Name, b.Status.Name) })
	list := containersv1.NetworkList{Items: items}
	list.SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("NetworkList"))
	rows, named := [][]string{}, []fields{}
	for i := range items {
		items[i].SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("Network"))
		s := &items[i].Status
		rows = append(rows, []string{l.id(s.ID), s.Name, s.Driver, s.Scope})
		named = append(named, fields{
			"ID": l.id(s.ID), "Name": s.Name, "Driver": s.Driver, "Scope": s.Scope, "CreatedAt": exactly(s.CreatedAt),
			"Labels": labelsOf(s.Labels), "Internal": strconv.FormatBool(s.Internal), "IPv6": strconv.FormatBool(s.EnableIPv6),
		})
	}
	return l.print(c, list, []string{"NETWORK ID", "NAME", "DRIVER", "SCOPE"}, rows, named)
}

func (c *CLI) volumeRemoveCommand() *cobra.Command {
	return volumeThings().removeCommand(c, "rm VOLUME…", "Remove volumes, with their data")
}
