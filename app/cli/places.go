package cli

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/paths"
)

// placesPatience is how long a daemon that hangs keeps `berth paths` waiting.
const placesPatience = time.Second

type place struct{ key, path string }

const engineSocketKey = "engine-socket"

// places are what `berth paths` knows, in the order in which a newcomer wants them. socket is the engine's.
func places(p paths.Paths, socket string) []place {
	return []place{
		{engineSocketKey, socket},
		{"api-socket", p.APISocket()},
		{"kubeconfig", p.Kubeconfig()},
		{"log", p.DaemonLog()},
		{"engine-log", p.EngineLog()},
		{"logs", p.Logs()},
		{"state", p.State},
		{"objects", p.Objects()},
		{"data", p.Data},
		{"engine-data", p.EngineData()},
		{"machines", p.Machines()},
		{"runtime", p.Runtime},
		{"lock", p.Lock()},
	}
}

func (c *CLI) pathsCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{Use: "paths [KEY]", Short: "Print where things are", ValidArgsFunction: completeKey}
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 1 && !slices.Contains(keys(), args[0]) {
			return unknown("key", args[0], keys())
		}
		return cobra.MaximumNArgs(1)(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := c.paths()
		if err != nil {
			return err
		}
		socket := ""
		if len(args) == 0 || args[0] == engineSocketKey {
			socket = c.engineSocket(cmd.Context(), p)
		}
		return c.printPlaces(f, places(p, socket), args)
	}
	f.flag(cmd)
	return cmd
}

// engineSocket is where docker clients reach the engine. The daemon knows, if one runs: a machine has its socket beside
// its disks, and somebody else's engine where they like. It is not waited for, and without it the usual place is given.
func (c *CLI) engineSocket(ctx context.Context, p paths.Paths) string {
	ctx, cancel := context.WithTimeout(ctx, placesPatience)
	defer cancel()
	d, err := c.reach(ctx, false)
	if err != nil {
		return p.EngineSocket()
	}
	defer d.Close()
	app, err := d.App(ctx)
	if err != nil || app.Status.Engine == nil {
		return p.EngineSocket()
	}
	if socket, ok := strings.CutPrefix(app.Status.Engine.Endpoint, "unix://"); ok {
		return socket
	}
	return p.EngineSocket()
}

func (c *CLI) printPlaces(f format, all []place, args []string) error {
	byKey := map[string]string{}
	for _, pl := range all {
		byKey[pl.key] = pl.path
	}
	switch {
	case len(args) == 1:
		_, err := fmt.Fprintln(c.cfg.Stdout, byKey[args[0]])
		return err
	case !f.table():
		return f.print(c.cfg.Stdout, byKey)
	}
	t := tabwriter.NewWriter(c.cfg.Stdout, 0, 8, 3, ' ', 0)
	for _, pl := range all {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", pl.key, pl.path) // Flush tells what went wrong
	}
	return t.Flush()
}

func keys() []string {
	var all []string
	for _, pl := range places(paths.Paths{}, "") {
		all = append(all, pl.key)
	}
	return all
}

func completeKey(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return keys(), cobra.ShellCompDirectiveNoFileComp
}

func (c *CLI) configCommand() *cobra.Command {
	return &cobra.Command{
		Use: "config", Short: "Print the kubeconfig for kubectl and its like", Args: cobra.NoArgs,
		Long: "Print the kubeconfig for kubectl and its like. It holds a token: whoever has it can do what you can do with Berth.\n" +
			"`berth paths kubeconfig` prints where it is.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := c.kubeconfig(cmd.Context())
			if err != nil {
				return err
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("read the kubeconfig: %w", err)
			}
			_, err = c.cfg.Stdout.Write(text)
			return err
		},
	}
}

// kubeconfig names the file by which the running daemon is reached; it starts a daemon where none runs.
func (c *CLI) kubeconfig(ctx context.Context) (string, error) {
	d, err := c.connect(ctx, true)
	if err != nil {
		return "", err
	}
	defer d.Close()
	p, err := c.paths()
	return p.Kubeconfig(), err
}

func (c *CLI) versionCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if !f.table() {
				return f.print(c.cfg.Stdout, map[string]string{
					"version": c.cfg.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
				})
			}
			_, err := fmt.Fprintf(c.cfg.Stdout, "berth %s (%s, %s/%s)\n", c.cfg.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
	f.flag(cmd)
	return cmd
}
