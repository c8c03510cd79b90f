// Package cli is Berth's command line. It is a client of the daemon's API like every face; `serve`, the daemon itself,
// is handed to it.
//
// Data goes to stdout, messages to stderr. The exit codes are in errors.go.
package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// Config is what the command line needs. All fields are required.
type Config struct {
	// Serve is the daemon. It runs until ctx ends.
	Serve func(ctx context.Context, p paths.Paths, log *slog.Logger) error
	// Erase removes the engines that Berth houses with all of their data. No daemon runs meanwhile.
	Erase func(ctx context.Context, p paths.Paths, log *slog.Logger) error
	// Version is that of this program.
	Version string
	// Getenv reads the environment; Environ is all of it, for the programs that are started.
	Getenv  func(string) string
	Environ []string

	Stdin          io.Reader
	Stdout, Stderr io.Writer
}

// CLI is the command line.
type CLI struct {
	cfg     Config
	started bool // a command was found to be well formed and runs
	warned  bool // the user knows that the daemon is of another version
}

// New makes a command line for one Run.
func New(cfg Config) *CLI { return &CLI{cfg: cfg} }

// Run carries out one command and returns its exit code.
func (c *CLI) Run(ctx context.Context, args []string) int {
	root := c.root()
	root.SetArgs(args)
	root.SetOut(c.cfg.Stdout)
	root.SetErr(c.cfg.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	if !c.started {
		err = &usageError{err: err, command: cmd.CommandPath()}
	}
	return c.report(err)
}

const (
	groupEngine  = "engine"
	groupObjects = "objects"
	groupMore    = "more"
)

func (c *CLI) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "berth",
		Short:         "Run containers on your desktop, and see them",
		Long:          "Berth runs containers on your desktop and shows them: a window, a tray icon and this command line over one\nlocal Kubernetes API.",
		Version:       c.cfg.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          help,
	}
	root.SetVersionTemplate("berth {{.Version}}\n")
	root.AddGroup(
		&cobra.Group{ID: groupEngine, Title: "The engine:"},
		&cobra.Group{ID: groupObjects, Title: "What it holds:"},
		&cobra.Group{ID: groupMore, Title: "More:"},
	)
	add := func(group string, cmds ...*cobra.Command) {
		for _, cmd := range cmds {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	add(groupEngine, c.startCommand(), c.stopCommand(), c.restartCommand(), c.statusCommand(), c.setCommand())
	add(groupObjects, c.containerCommand(), c.imageCommand(), c.volumeCommand(), c.networkCommand(), c.logsCommand(), c.execCommand(), c.runCommand(), c.pruneCommand(), c.ctlCommand())
	add(groupMore, c.desktopCommand(), c.uiCommand(), c.pathsCommand(), c.configCommand(), c.serveCommand(), c.quitCommand(), c.versionCommand())
	add(groupMore, c.upkeepCommands()...)
	root.AddCommand(c.manCommand(), c.referenceCommand())
	root.SetCompletionCommandGroupID(groupMore)
	root.SetHelpCommandGroupID(groupMore)
	c.noteStart(root)
	return root
}

// noteStart makes every command say that it runs: an error before that is one of usage.
func (c *CLI) noteStart(cmd *cobra.Command) {
	for _, sub := range cmd.Commands() {
		c.noteStart(sub)
	}
	if fits := cmd.Args; fits != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error { return wrongCount(cmd, args, fits(cmd, args)) }
	}
	run := cmd.RunE
	if run == nil {
		return
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		// A command that only holds others refuses what it does not know.
		c.started = !cmd.HasSubCommands()
		return run(cmd, args)
	}
}

// help is what a command does that only holds others.
func help(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	if at := elsewhere(cmd, args[0]); at != "" {
		return fmt.Errorf("there is no command %q; did you mean `%s`?", args[0], at)
	}
	return unknown("command", args[0], subcommands(cmd))
}

// elsewhere is the command below another one that name would be a part of, such as `berth container ls` for docker's ps.
func elsewhere(cmd *cobra.Command, name string) string {
	for _, sub := range cmd.Commands() {
		for _, verb := range sub.Commands() {
			if verb.IsAvailableCommand() && (verb.Name() == name || verb.HasAlias(name)) {
				return verb.CommandPath()
			}
		}
	}
	return ""
}

func subcommands(cmd *cobra.Command) []string {
	var names []string
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return names
}

// holder makes a command that only holds others.
func holder(use, short string, subs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: help}
	cmd.AddCommand(subs...)
	return cmd
}

func (c *CLI) paths() (paths.Paths, error) {
	p, err := paths.FromEnvironment(c.cfg.Getenv)
	if err != nil {
		return p, &usageError{err: err}
	}
	return p, nil
}

// connect reaches the daemon; with start, it starts one where none runs. Where an upgrade has left an older daemon running
// it says so, once: what this program asks for may be unknown there.
func (c *CLI) connect(ctx context.Context, start bool) (*client.Client, error) {
	d, err := c.reach(ctx, start)
	if err != nil {
		return nil, err
	}
	if v := d.Version(); v != "" && !client.SameVersion(v, c.cfg.Version) && !c.warned {
		c.warned = true
		c.say("The daemon is version %s and this is %s. `berth quit` ends the old one; the next command starts the new one.", v, c.cfg.Version)
	}
	return d, nil
}

// reach is connect without a word: for the shell's completions.
func (c *CLI) reach(ctx context.Context, start bool) (*client.Client, error) {
	p, err := c.paths()
	if err != nil {
		return nil, err
	}
	return client.Connect(ctx, client.Options{Paths: p, Start: start, Env: c.cfg.Environ})
}

// terminal says whether w is one on which lines can be redrawn.
func (c *CLI) terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && c.cfg.Getenv("TERM") != "dumb" //nolint:gosec // a descriptor is small
}
