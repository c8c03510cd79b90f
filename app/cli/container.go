package cli

import (
	"cmp"
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
	return likeDocker(holder("container", "Containers: list, run, start, stop, look into, remove",
		c.containerListCommand(),
		c.containerInspectCommand(),
		c.actionCommand("start", "Start containers", containersv1.ActionStart),
		c.stopActionCommand("stop", "Stop containers", containersv1.ActionStop),
		c.stopActionCommand("restart", "Restart containers", containersv1.ActionRestart),
		c.killCommand(),
		c.actionCommand("pause", "Freeze containers", containersv1.ActionPause),
		c.actionCommand("unpause", "Let frozen containers go on", containersv1.ActionUnpause),
		c.containerRemoveCommand(),
		c.renameCommand(),
		c.copyCommand(),
		c.containerLogsCommand(),
		c.execCommand(),
		c.runCommand(), c.createCommand(),
		c.attachCommand(),
		c.statsCommand(),
		c.topCommand(),
	))
}

func (c *CLI) containerListCommand() *cobra.Command {
	var l listing
	var all, last bool
	var latest int
	var only filters
	cmd := &cobra.Command{
		Use: "ls", Aliases: []string{"list", "ps"}, Short: "List containers: what `docker ps` shows", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if last {
				latest = 1
			}
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			items, err := m.Containers(m.namespace).List(cmd.Context())
			if err != nil {
				return err
			}
			// Who asks for a state, or for the last ones, means those that do not run as well.
			_, state := only.values["status"]
			_, exited := only.values["exited"]
			if !all && !state && !exited && latest == 0 {
				items = slices.DeleteFunc(items, func(o containersv1.Container) bool { return !up(o.Status.Status) })
			}
			items = slices.DeleteFunc(items, func(o containersv1.Container) bool { return !only.container(&o.Status) })
			if latest > 0 {
				slices.SortFunc(items, youngerContainer)
				items = items[:min(latest, len(items))]
			}
			return c.printContainers(l, items, time.Now())
		},
	}
	l.flags(cmd)
	only.flag(cmd, "name", "id", "status", "label", "ancestor", "network", "volume", "exited", "health")
	cmd.Flags().IntVarP(&latest, "last", "n", 0, "the last so many that were made, running or not")
	cmd.Flags().BoolVarP(&last, "latest", "l", false, "the last one that was made, running or not")
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also those that are not running")
	return cmd
}

// up says whether docker counts a container as running.
func up(s containersv1.State) bool {
	return s == containersv1.StateRunning || s == containersv1.StatePaused || s == containersv1.StateRestarting
}

func (c *CLI) printContainers(l listing, items []containersv1.Container, now time.Time) error {
	slices.SortFunc(items, youngerContainer)
	list := containersv1.ContainerList{Items: items}
	list.SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("ContainerList"))
	rows, named := [][]string{}, []fields{}
	for i := range items {
		items[i].SetGroupVersionKind(containersv1.SchemeGroupVersion.WithKind("Container"))
		s := &items[i].Status
		rows = append(rows, []string{
			l.id(s.ID), l.image(s), l.command(s), ago(now, s.CreatedAt), lifeOf(s, now), portsOf(s.Ports), s.Name,
		})
		named = append(named, fields{
			"ID": l.id(s.ID), "Image": l.image(s), "Command": l.command(s), "RunningFor": ago(now, s.CreatedAt),
			"CreatedAt": exactly(s.CreatedAt), "Status": lifeOf(s, now), "State": string(s.Status), "Ports": portsOf(s.Ports),
			"Names": s.Name, "Name": s.Name, "Labels": labelsOf(s.Labels), "Networks": networksOf(s), "Mounts": mountsOf(s),
		})
	}
	return l.print(c, list, []string{"CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES"}, rows, named)
}

func youngerContainer(a, b containersv1.Container) int {
	return newestFirst(a.Status.CreatedAt, b.Status.CreatedAt, a.Name, b.Name)
}

func networksOf(s *containersv1.ContainerStatus) string {
	var all []string
	for _, n := range s.Networks {
		all = append(all, n.Name)
	}
	return strings.Join(all, ",")
}

func mountsOf(s *containersv1.ContainerStatus) string {
	var all []string
	for _, m := range s.Mounts {
		all = append(all, cmp.Or(m.Name, m.Source))
	}
	return strings.Join(all, ",")
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
