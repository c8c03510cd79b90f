package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/dockercontext"
)

func (c *CLI) contextCommand() *cobra.Command {
	var f format
	show := &cobra.Command{
		Use: "show", Short: "Show Berth's docker context, and which one docker uses now", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			p, err := c.dockerContext()
			if err != nil {
				return err
			}
			s, err := p.Look()
			if err != nil {
				return err
			}
			return c.showContext(f, p, s)
		},
	}
	f.flag(show)
	use := &cobra.Command{
		Use: "use", Short: "Have docker use Berth's engine until that stops", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			p, err := c.dockerContext()
			if err != nil {
				return err
			}
			err = p.Use()
			if errors.Is(err, fs.ErrNotExist) {
				return &plainError{message: "There is no docker context of Berth's: the engine is not running.", next: "`berth start` starts it."}
			}
			if err != nil {
				return err
			}
			c.say("docker now uses Berth's engine, through the context %q. `berth context restore` takes that back.", p.Name)
			return c.warnOverride()
		},
	}
	restore := &cobra.Command{
		Use: "restore", Short: "Have docker use what it used before", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			p, err := c.dockerContext()
			if err != nil {
				return err
			}
			to, err := p.Restore()
			if err != nil {
				return err
			}
			c.say("docker uses the context %q.", to)
			return c.warnOverride()
		},
	}
	cmd := holder("context", "Which engine the docker command uses", use, show, restore)
	cmd.Long = "Which engine the docker command uses. While the engine is ready there is a docker context of the instance's name, so that\n" +
		"`docker --context berth ps` works. It becomes docker's current one only if that is missing or does not work, or with `use`."
	return cmd
}

func (c *CLI) dockerContext() (dockercontext.Place, error) {
	p, err := c.paths()
	if err != nil {
		return dockercontext.Place{}, err
	}
	return dockercontext.At(p, c.cfg.Getenv)
}

// warnOverride says that the current context is not what counts, where that is so.
func (c *CLI) warnOverride() error {
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT"} {
		if c.cfg.Getenv(name) != "" {
			c.say("%s is set and overrides docker's current context: `unset %s` ends that.", name, name)
		}
	}
	return nil
}

func (c *CLI) showContext(f format, p dockercontext.Place, s dockercontext.Standing) error {
	if !f.table() {
		return f.print(c.cfg.Stdout, s)
	}
	t := tabwriter.NewWriter(c.cfg.Stdout, 0, 8, 3, ' ', 0)
	line := func(name, text string) {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", name, clean(text)) // Flush tells what went wrong
	}
	line("Current", s.Current)
	if s.Context == nil {
		line("Berth's", "none; it is there while the engine runs")
	} else {
		line("Berth's", p.Name+", "+s.Context.Endpoint)
	}
	if s.Switched {
		line("Put back later", s.Previous)
	}
	return t.Flush()
}
