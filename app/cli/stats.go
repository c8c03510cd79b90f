package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/api/stream"
)

func (c *CLI) statsCommand() *cobra.Command {
	var l listing
	var once bool
	cmd := &cobra.Command{
		Use: "stats [CONTAINER…]", Short: "What containers use of the machine", ValidArgsFunction: c.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			only, err := named(cmd.Context(), m, args)
			if err != nil {
				return err
			}
			return c.stats(cmd.Context(), m, l, only, !once)
		},
	}
	l.flag(cmd)
	cmd.Flags().BoolVar(&l.whole, "no-trunc", false, "do not shorten IDs")
	cmd.Flags().BoolVar(&once, "no-stream", false, "show it once")
	return cmd
}

// named gives the IDs of the containers that args name; none means all.
func named(ctx context.Context, m mirrored, args []string) ([]string, error) {
	if len(args) == 0 {
		return nil, nil
	}
	all, err := m.Containers(m.namespace).List(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, arg := range args {
		o, err := find(all, arg)
		if err != nil {
			return nil, err
		}
		if !up(o.Status.Status) {
			return nil, &plainError{fmt.Sprintf("container %s is not running.", o.Status.Name), "`berth container start` starts it."}
		}
		ids = append(ids, o.Status.ID)
	}
	return ids, nil
}

func (c *CLI) stats(ctx context.Context, m mirrored, l listing, only []string, follow bool) error {
	body, err := m.ContainerNamespaces(m.namespace).Ask(ctx, "moby", "stats", url.Values{"follow": {strconv.FormatBool(follow)}})
	if err != nil {
		return err
	}
	defer body.Close()
	live := follow && l.table() && c.terminal(c.cfg.Stdout)
	var round []stream.Sample
	show := func() error {
		if live {
			if _, err := io.WriteString(c.cfg.Stdout, "\x1b[H\x1b[J"); err != nil {
				return err
			}
		}
		defer func() { round = nil }()
		return c.printStats(l, round)
	}
	for dec := json.NewDecoder(body); ; {
		var s stream.Sample
		err := dec.Decode(&s)
		switch {
		case errors.Is(err, io.EOF):
			return show()
		case err != nil:
			return cut(ctx, err)
		}
		if len(only) > 0 && !slices.Contains(only, s.ID) {
			continue
		}
		// One that comes again begins the next round.
		if slices.ContainsFunc(round, func(before stream.Sample) bool { return before.ID == s.ID }) {
			if err := show(); err != nil {
				return err
			}
		}
		round = append(round, s)
	}
}

func (c *CLI) printStats(l listing, all []stream.Sample) error {
	rows, named := [][]string{}, []fields{}
	for _, s := range all {
		cpu, memory := "--", 0.0
		if s.CPUPercent != nil {
			cpu = fmt.Sprintf("%.2f%%", *s.CPUPercent)
		}
		if s.MemoryLimit > 0 {
			memory = float64(s.MemoryUsed) / float64(s.MemoryLimit) * 100
		}
		f := fields{
			"ID": l.id(s.ID), "Container": l.id(s.ID), "Name": s.Name, "CPUPerc": cpu, "MemPerc": fmt.Sprintf("%.2f%%", memory),
			"MemUsage": units.BytesSize(float64(s.MemoryUsed)) + " / " + units.BytesSize(float64(s.MemoryLimit)),
			"NetIO":    inOut(s.NetworkRx, s.NetworkTx), "BlockIO": inOut(s.BlockRead, s.BlockWrite), "PIDs": strconv.FormatUint(s.Pids, 10),
		}
		named = append(named, f)
		rows = append(rows, []string{f["ID"], f["Name"], f["CPUPerc"], f["MemUsage"], f["MemPerc"], f["NetIO"], f["BlockIO"], f["PIDs"]})
	}
	titles := []string{"CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"}
	return l.print(c, all, titles, rows, named)
}

func inOut(in, out uint64) string {
	return units.HumanSizeWithPrecision(float64(in), 3) + " / " + units.HumanSizeWithPrecision(float64(out), 3)
}

func (c *CLI) topCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "top CONTAINER [PS OPTIONS]", Short: "What runs in a container", Args: cobra.MinimumNArgs(1), ValidArgsFunction: c.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withContainer(cmd.Context(), args[0], func(ctx context.Context, m mirrored, o *container) error {
				query := url.Values{}
				if len(args) > 1 {
					query.Set("ps_args", strings.Join(args[1:], " "))
				}
				limited, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				body, err := m.Containers(m.namespace).Ask(limited, o.Name, "top", query)
				if err != nil {
					return err
				}
				defer body.Close()
				var all stream.Processes
				if err := json.NewDecoder(body).Decode(&all); err != nil {
					return fmt.Errorf("read what runs: %w", err)
				}
				if !f.table() {
					return f.print(c.cfg.Stdout, all)
				}
				return printTable(c.cfg.Stdout, all.Titles, all.Processes)
			})
		},
	}
	cmd.Flags().SetInterspersed(false)
	f.flag(cmd)
	return cmd
}
