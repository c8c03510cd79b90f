package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/berth-desktop/berth/backend/api/store"
)

func (c *CLI) containerInspectCommand() *cobra.Command {
	return inspectCommand(c, containerThings(), "CONTAINER…")
}

func (c *CLI) imageInspectCommand() *cobra.Command {
	return inspectCommand(c, imageThings(), "IMAGE…")
}

func (c *CLI) volumeInspectCommand() *cobra.Command {
	return inspectCommand(c, volumeThings(), "VOLUME…")
}

func (c *CLI) networkInspectCommand() *cobra.Command {
	return inspectCommand(c, networkThings(), "NETWORK…")
}

// inspectCommand prints all that the engine says, in its own words, as docker does: one list, or each by a template.
func inspectCommand[T any, P store.Object[T]](c *CLI, t things[T, P], args string) *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "inspect " + args, Short: "All that the engine says of " + t.noun + "s", Args: cobra.MinimumNArgs(1), ValidArgsFunction: t.complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			all := []json.RawMessage{}
			err := t.each(cmd.Context(), c, args, func(ctx context.Context, m mirrored, _ string, found []P) error {
				text, err := t.ask(ctx, m, found[0], "inspect")
				if err != nil {
					return err
				}
				if f.kind == "template" || f.kind == "jsonpath" {
					return f.print(c.cfg.Stdout, json.RawMessage(text))
				}
				all = append(all, text)
				return nil
			})
			if f.kind == "template" || f.kind == "jsonpath" {
				return err
			}
			if f.kind == "yaml" {
				return firstError(f.print(c.cfg.Stdout, all), err)
			}
			return firstError(c.printIndented(all), err)
		},
	}
	f.shortFlag(cmd, "f")
	return cmd
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func (c *CLI) printIndented(all []json.RawMessage) error {
	raw, err := json.Marshal(all)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "    "); err != nil {
		return fmt.Errorf("read what the engine said: %w", err)
	}
	_, err = fmt.Fprintln(c.cfg.Stdout, b.String())
	return err
}
