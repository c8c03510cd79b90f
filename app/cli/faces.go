package cli

import (
	"context"
	"fmt"
	"html"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/client"
)

func (c *CLI) ctlCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ctl [ARGUMENT…]", Short: "Run kubectl on Berth's API",
		Example:            "  berth ctl get containers\n  berth ctl explain container.status",
		DisableFlagParsing: true, // they are kubectl's
		RunE: func(cmd *cobra.Command, args []string) error {
			kubectl, err := client.Sibling("berth-kubectl")
			if err != nil {
				return err
			}
			p, err := c.paths()
			if err != nil {
				return err
			}
			if !onlyHelp(args) {
				if _, err := c.kubeconfig(cmd.Context()); err != nil {
					return err
				}
			}
			return run(cmd.Context(), kubectl, args, with(c.cfg.Environ, "KUBECONFIG", p.Kubeconfig()))
		},
	}
}

// onlyHelp says whether kubectl is only asked how it is used, which needs no daemon.
func onlyHelp(args []string) bool {
	if len(args) == 0 || args[0] == "help" {
		return true
	}
	for _, a := range args {
		if a == "--" {
			return false
		}
		if a == "--help" || a == "-h" {
			return true
		}
	}
	return false
}

// with gives env with one variable set.
func with(env []string, name, value string) []string {
	env = slices.DeleteFunc(slices.Clone(env), func(s string) bool { return strings.HasPrefix(s, name+"=") })
	return append(env, name+"="+value)
}

func (c *CLI) uiCommand() *cobra.Command {
	var noOpen bool
	cmd := &cobra.Command{
		Use: "ui", Short: "Open the window's page in a browser", Args: cobra.NoArgs,
		Long: "Open the window's page in a browser, and print its address, which works once.",
		RunE: func(cmd *cobra.Command, _ []string) error { return c.ui(cmd.Context(), !noOpen) },
	}
	cmd.Flags().BoolVar(&noOpen, "no-open", false, "only print the address")
	return cmd
}

func (c *CLI) ui(ctx context.Context, open bool) error {
	d, err := c.connect(ctx, true)
	if err != nil {
		return err
	}
	defer d.Close()
	url, err := d.OpenPage(ctx)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(c.cfg.Stdout, url); err != nil {
		return err
	}
	if !open || !c.display() {
		return nil
	}
	if err := c.browse(url); err != nil {
		c.say("No browser could be opened (%v). Open the address yourself.", err)
		return nil
	}
	c.say("Your browser should show it now. If it does not, open the address yourself.")
	return nil
}

// browse opens url in the user's browser. The address holds a secret and every user of this machine can read the
// arguments of a process, so the browser is given a file that only the user can read, and that leads there.
func (c *CLI) browse(url string) error {
	p, err := c.paths()
	if err != nil {
		return err
	}
	file := filepath.Join(p.Runtime, "open.html")
	page := fmt.Sprintf("<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=\"0;url=%s\"><title>Berth</title>\n", html.EscapeString(url))
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		return fmt.Errorf("write what leads the browser there: %w", err)
	}
	program, args := opener(runtime.GOOS)
	cmd := exec.Command(program, append(args, file)...) //nolint:noctx // the browser outlives us
	cmd.Env = c.cfg.Environ
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Process.Release()
}

// opener is what opens a file in the program that the user has chosen for it.
func opener(system string) (program string, args []string) {
	switch system {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	default:
		return "xdg-open", nil
	}
}

// display says whether there is one to open a window on.
func (c *CLI) display() bool {
	return runtime.GOOS != "linux" || c.cfg.Getenv("DISPLAY") != "" || c.cfg.Getenv("WAYLAND_DISPLAY") != ""
}

func (c *CLI) desktopCommand() *cobra.Command {
	return &cobra.Command{
		Use: "desktop", Short: "Open the window", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !c.display() {
				c.say("There is no display to open a window on. This is the address of the same page for a browser:")
				return c.ui(cmd.Context(), false)
			}
			window, err := client.Sibling("berth-desktop")
			if err != nil {
				c.say("The window is not installed (%v). This is the same page in a browser:", err)
				return c.ui(cmd.Context(), true)
			}
			return run(cmd.Context(), window, nil, c.cfg.Environ)
		},
	}
}
