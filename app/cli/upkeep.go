package cli

import "github.com/spf13/cobra"

// upkeepCommands look after Berth itself.
func (c *CLI) upkeepCommands() []*cobra.Command {
	return []*cobra.Command{
		c.doctorCommand(), c.bundleCommand(), c.contextCommand(), c.autostartCommand(), c.resetCommand(), c.deleteCommand(),
	}
}
