package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// login is what is started when the user logs in.
type login struct {
	// name tells instances apart.
	name string
	// program is berth's absolute path.
	program string
	// tray is berth-tray's absolute path; empty where it is not installed.
	tray string
	// env is what the daemon needs to be that instance's.
	env []string
}

// autostart is one way in which a system starts things at login.
type autostart struct {
	// Way names it for people.
	Way string `json:"way"`
	// File is where that is written down.
	File string `json:"file"`
	On   bool   `json:"on"`
}

func (c *CLI) autostartCommand() *cobra.Command {
	var f format
	on := &cobra.Command{
		Use: "on", Short: "Start Berth when you log in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := c.login()
			if err != nil {
				return err
			}
			a, err := c.enableLogin(cmd.Context(), l)
			if err != nil {
				return err
			}
			what := "Berth starts when you log in"
			if l.tray != "" {
				what += ", with its icon"
			}
			c.say("%s, without a window, and its engine if that was running (%s, %s).", what, a.Way, a.File)
			return nil
		},
	}
	off := &cobra.Command{
		Use: "off", Short: "Do not start Berth when you log in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.paths()
			if err != nil {
				return err
			}
			if err := c.removeAutostart(cmd.Context(), p); err != nil {
				return err
			}
			c.say("Berth does not start when you log in.")
			return nil
		},
	}
	status := &cobra.Command{
		Use: "status", Short: "Say whether Berth starts when you log in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := c.paths()
			if err != nil {
				return err
			}
			a, err := c.loginState(cmd.Context(), login{name: loginName(p)})
			if err != nil {
				return err
			}
			return c.showAutostart(f, a)
		},
	}
	f.flag(status)
	return holder("autostart", "Whether Berth starts when you log in", on, off, status)
}

func (c *CLI) showAutostart(f format, a autostart) error {
	if !f.table() {
		return f.print(c.cfg.Stdout, a)
	}
	text := "off"
	if a.On {
		text = fmt.Sprintf("on (%s, %s)", a.Way, a.File)
	}
	_, err := fmt.Fprintln(c.cfg.Stdout, text)
	return err
}

func loginName(p paths.Paths) string {
	if p.Instance == paths.DefaultInstance {
		return p.Instance
	}
	return paths.DefaultInstance + "-" + p.Instance
}

// login says what is to be started for this instance.
func (c *CLI) login() (login, error) {
	p, err := c.paths()
	if err != nil {
		return login{}, err
	}
	program, err := client.Sibling("berth")
	if err != nil {
		return login{}, err
	}
	l := login{name: loginName(p), program: program}
	if tray, err := client.Sibling("berth-tray"); err == nil { // a package of the command line alone has none
		l.tray = tray
	}
	for _, name := range []string{paths.EnvInstance, paths.EnvHome} {
		if v := c.cfg.Getenv(name); v != "" {
			l.env = append(l.env, name+"="+v)
		}
	}
	return l, nil
}

func (c *CLI) removeAutostart(ctx context.Context, p paths.Paths) error {
	return c.disableLogin(ctx, login{name: loginName(p)})
}
