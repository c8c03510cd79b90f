package cli

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
)

func (c *CLI) setCommand() *cobra.Command {
	var w waiting
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "set PROPERTY=VALUE…",
		Short: "Change what the engine is like",
		Example: "  berth set containerEngine.provider=host\n  berth set containerEngine.provider=native running=true\n" +
			"  berth set containerEngine.provider=lima vm.memory=4Gi vm.mounts=/home/me/src:rw,/srv/data",
		ValidArgsFunction: completeAssignment,
	}
	var change map[string]any
	cmd.Args = func(_ *cobra.Command, args []string) (err error) {
		change, err = parseAssignments(args)
		return err
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := c.connect(cmd.Context(), true)
		if err != nil {
			return err
		}
		defer d.Close()
		return c.set(cmd.Context(), d, change, dryRun, w)
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "have the daemon check the change, and change nothing")
	w.flags(cmd)
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		// The schema is built for whoever asks for help, and for nobody else.
		cmd.Long = cmd.Short + ".\n\n" + propertyTable()
		help(cmd, args)
	})
	return cmd
}

func (c *CLI) set(ctx context.Context, d *client.Client, change map[string]any, dryRun bool, w waiting) error {
	before, err := d.App(ctx)
	if err != nil {
		return err
	}
	if dryRun {
		after, err := d.Apps().TryPatch(ctx, appv1.AppName, change)
		if err != nil {
			return err
		}
		c.sayChanges(before, after, " (not changed: this is a dry run)")
		return nil
	}
	since := time.Now()
	after, err := d.Apps().Patch(ctx, appv1.AppName, change)
	if err != nil {
		return err
	}
	c.sayChanges(before, after, "")
	return c.settle(ctx, d, after.Generation, since, w)
}

// sayChanges tells which properties are other ones now, or would be.
func (c *CLI) sayChanges(before, after *appv1.App, note string) {
	lines := differences(before.Spec, after.Spec)
	if len(lines) == 0 {
		c.say("Nothing to change.")
	}
	for _, line := range lines {
		c.say("%s%s", line, note)
	}
}

// differences has a line for each property that is another one now.
func differences(before, after appv1.AppSpec) []string {
	var lines []string
	for _, p := range properties() {
		old, now := value(before, p.name), value(after, p.name)
		if old != now {
			lines = append(lines, fmt.Sprintf("%s: %s -> %s", p.name, shown(old), shown(now)))
		}
	}
	return lines
}

// value is that of the property called name, as text.
func value(s appv1.AppSpec, name string) string {
	v := reflect.ValueOf(s)
	for at := range strings.SplitSeq(name, ".") {
		for f, field := range v.Fields() {
			if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag == at {
				v = field
				break
			}
		}
	}
	switch is := v.Interface().(type) {
	case *resource.Quantity:
		if is == nil {
			return ""
		}
		return is.String()
	case []appv1.VMMount:
		return foldersText(is)
	default:
		return fmt.Sprint(is)
	}
}

func shown(s string) string {
	if s == "" {
		return "(none)"
	}
	return s
}

// propertyTable lists what can be set.
func propertyTable() string {
	var b strings.Builder
	b.WriteString("Properties:\n")
	t := tabwriter.NewWriter(&b, 0, 8, 3, ' ', 0)
	for _, p := range describe(properties()) {
		doc := p.doc
		if len(p.values) > 0 {
			doc = "(" + strings.Join(p.values, " | ") + ") " + doc
		}
		_, _ = fmt.Fprintf(t, "  %s\t%s\n", p.name, doc) // a builder takes everything
	}
	_ = t.Flush()
	return strings.TrimRight(b.String(), "\n")
}

// completeAssignment offers properties, and the values of those that have few.
func completeAssignment(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	name, _, valued := strings.Cut(begun, "=")
	var offers []string
	for _, p := range describe(properties()) {
		if !valued {
			offers = append(offers, p.name+"=")
			continue
		}
		if p.name != name {
			continue
		}
		for _, v := range p.values {
			offers = append(offers, name+"="+v)
		}
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
