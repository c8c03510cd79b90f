package cli

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/client"
)

// exitInterrupted is what shells make of an interrupt.
const exitInterrupted = 130

func (c *CLI) execCommand() *cobra.Command {
	var stdin, tty, detach, privileged bool
	var env, envFiles []string
	var user, folder string
	var keys detachKeys
	cmd := &cobra.Command{
		Use: "exec CONTAINER COMMAND [ARGUMENT…]", Short: "Run a command in a container that runs", Args: cobra.MinimumNArgs(2),
		ValidArgsFunction: c.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			screen := openTerminal(c.cfg.Stdin, c.cfg.Stdout)
			if tty && stdin && screen == nil {
				return &plainError{"the input is not a terminal.", "Leave out -t."}
			}
			set, err := environment(envFiles, env)
			if err != nil {
				return &usageError{err: err, command: cmd.CommandPath()}
			}
			q := url.Values{"command": args[1:], "env": set, "user": {user}, "workdir": {folder}}
			for name, on := range map[string]bool{"privileged": privileged, "stdin": stdin && !detach, "tty": tty, "stdout": !detach, "stderr": !detach && !tty} {
				q.Set(name, strconv.FormatBool(on))
			}
			if screen != nil && tty {
				if size, ok := screen.size(); ok {
					q.Set("width", fmt.Sprint(size.Width))
					q.Set("height", fmt.Sprint(size.Height))
				}
			}
			return c.withContainer(cmd.Context(), args[0], func(ctx context.Context, m mirrored, o *container) error {
				if !up(o.Status.Status) {
					return notRunning(o)
				}
				session, err := m.Containers(m.namespace).Talk(ctx, o.Name, "exec", q)
				if err != nil {
					return err
				}
				defer closeWith(ctx, session)()
				if detach {
					_, err := session.Read() // the word that it has begun, or why not
					return err
				}
				return c.parted(c.hold(ctx, talk{session: session, stdin: stdin, tty: tty, keys: keys}))
			})
		},
	}
	f := cmd.Flags()
	f.SetInterspersed(false)
	f.BoolVarP(&stdin, "interactive", "i", false, "pass on what is typed")
	f.BoolVarP(&tty, "tty", "t", false, "give the command a terminal")
	f.BoolVarP(&detach, "detach", "d", false, "do not wait for it")
	f.StringArrayVarP(&env, "env", "e", nil, "set NAME=VALUE, or NAME to the value that it has here")
	f.StringArrayVar(&envFiles, "env-file", nil, "set the lines of FILE, NAME=VALUE each, unless -e sets it")
	f.StringVarP(&user, "user", "u", "", "run as USER or USER:GROUP")
	f.StringVarP(&folder, "workdir", "w", "", "begin in this folder")
	keys.flag(f)
	f.BoolVar(&privileged, "privileged", false, "give the command all rights over the machine")
	return likeDocker(cmd)
}

func notRunning(o *container) error {
	return &plainError{
		fmt.Sprintf("container %s is not running.", o.Status.Name),
		fmt.Sprintf("`berth container start %s` starts it.", o.Status.Name),
	}
}

// closeWith ends a session with ctx, or when the function that it returns is called.
func closeWith(ctx context.Context, session *client.Session) func() {
	stop := context.AfterFunc(ctx, session.Close)
	return func() {
		stop()
		session.Close()
	}
}

func (c *CLI) attachCommand() *cobra.Command {
	var noStdin bool
	var keys detachKeys
	cmd := &cobra.Command{
		Use: "attach CONTAINER", Short: "Join what a container that runs reads and writes", Args: cobra.ExactArgs(1), ValidArgsFunction: c.completeContainer,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withContainer(cmd.Context(), args[0], func(ctx context.Context, m mirrored, o *container) error {
				if !up(o.Status.Status) {
					return notRunning(o)
				}
				session, err := m.Containers(m.namespace).Talk(ctx, o.Name, "attach", url.Values{"stdin": {strconv.FormatBool(!noStdin)}})
				if err != nil {
					return err
				}
				defer closeWith(ctx, session)()
				tty, err := c.hasTerminal(ctx, m, o)
				if err != nil {
					return err
				}
				return c.parted(c.hold(ctx, talk{session: session, stdin: !noStdin, tty: tty, keys: keys}))
			})
		},
	}
	keys.flag(cmd.Flags())
	cmd.Flags().BoolVar(&noStdin, "no-stdin", false, "do not pass on what is typed")
	return cmd
}
