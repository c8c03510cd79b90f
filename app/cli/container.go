package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

const commandWidth = 20

func (c *CLI) containerCommand() *cobra.Command {
	return holder("container", "Containers: list, start, stop, remove",
		c.containerListCommand(),
		c.actionCommand("start", "Start containers", containersv1.ActionStart),
		c.actionCommand("stop", "Stop containers", containersv1.ActionStop),
		c.actionCommand("restart", "Restart containers", containersv1.ActionRestart),
		c.containerRemoveCommand(),
	)
}

func (c *CLI) containerListCommand() *cobra.Command {
	var l listing
	var all bool
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list", "ps"}, Short: "List containers: what `docker ps` shows", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			items, err := m.Containers(m.namespace).List(cmd.Context())
			if err != nil {
				return err
			}
			if !all {
				items = slices.DeleteFunc(items, func(o containersv1.Container) bool { return !up(o.Status.Status) })
			}
			return c.printContainers(l, items, time.Now())
		},
	}
	l.flags(cmd)
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also those that are not running")
	return cmd
}

// up says whether docker counts a container as running.
func up(s containersv1.State) bool {
	return s == containersv1.StateRunning || s == containersv1.StatePaused || s == containersv1.StateRestarting
}

func (c *CLI) printContainers(l listing, items []containersv1.Container, now time.Time) error {
	slices.SortFunc(items, func(a, b containersv1.Container) int {
		return newestFirst(a.Status.CreatedAt, b.Status.CreatedAt, a.Name, b.Name)
	})
	list := containersv1.ContainerList{Items: items}
	list.SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("ContainerList"))
	rows := [][]string{}
	for i := range items {
		items[i].SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("Container"))
		s := &items[i].Status
		rows = append(rows, []string{
			l.id(s.ID), l.image(s), l.command(s), ago(now, s.CreatedAt), lifeOf(s, now), portsOf(s.Ports), s.Name,
		})
	}
	return l.print(c, list, []string{"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"}, rows)
}

func (l *listing) image(s *containersv1.ContainerStatus) string {
	if strings.HasPrefix(s.Image, "sha256:") {
		return l.id(s.Image)
	}
	return s.Image
}

func (l *listing) command(s *containersv1.ContainerStatus) string {
	line := strings.Join(append([]string{s.Path}, s.Args...), " ")
	if letters := []rune(line); !l.whole && len(letters) > commandWidth {
		line = string(letters[:commandWidth-1]) + "…"
	}
	return strconv.Quote(line)
}

// lifeOf is how a container fares, in docker's words.
func lifeOf(s *containersv1.ContainerStatus, now time.Time) string {
	switch s.Status {
	case containersv1.StateRunning:
		return "Up" + since(now, s) + health(s.Health)
	case containersv1.StatePaused:
		return "Up" + since(now, s) + " (Paused)"
	case containersv1.StateRestarting:
		return strings.TrimSpace(fmt.Sprintf("Restarting (%d) %s", s.ExitCode, ago(now, s.FinishedAt)))
	case containersv1.StateExited:
		return strings.TrimSpace(fmt.Sprintf("Exited (%d) %s", s.ExitCode, ago(now, s.FinishedAt)))
	case containersv1.StateRemoving:
		return "Removal In Progress"
	case containersv1.StateCreated:
		return "Created"
	case containersv1.StateDead:
		return "Dead"
	default:
		return "Unknown"
	}
}

func since(now time.Time, s *containersv1.ContainerStatus) string {
	if s.StartedAt == nil {
		return ""
	}
	return " " + units.HumanDuration(now.Sub(s.StartedAt.Time))
}

func health(h containersv1.Health) string {
	switch h {
	case containersv1.HealthNone:
		return ""
	case containersv1.HealthStarting:
		return " (health: starting)"
	default:
		return " (" + string(h) + ")"
	}
}

func portsOf(ports []containersv1.Port) string {
	var all []string
	for _, p := range ports {
		if len(p.Bindings) == 0 {
			all = append(all, p.Name)
		}
		for _, b := range p.Bindings {
			host := b.HostIP
			if strings.Contains(host, ":") && host != "::" {
				host = "[" + host + "]" // docker shows :: bare, and so do we
			}
			all = append(all, fmt.Sprintf("%s:%d->%s", host, b.HostPort, p.Name))
		}
	}
	return strings.Join(all, ", ")
}
