package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
)

const (
	shortID = 12
	// readingTimeout is how long a command waits for an engine that is starting.
	readingTimeout = 5 * time.Minute
)

// mirrored is where what the engine holds is found.
type mirrored struct {
	*client.Client
	namespace string
}

// mirror reaches what the engine holds. It waits while the engine is starting, because a list that was not yet read is
// not an empty one, and fails where there is no engine. The caller closes it.
func (c *CLI) mirror(ctx context.Context) (mirrored, error) {
	d, err := c.connect(ctx, true)
	if err != nil {
		return mirrored{}, err
	}
	app, err := c.ready(ctx, d)
	if err != nil {
		d.Close()
		return mirrored{}, err
	}
	return mirrored{d, app.Spec.Namespace}, nil
}

func (c *CLI) ready(ctx context.Context, d *client.Client) (*appv1.App, error) {
	app, err := d.App(ctx)
	if err != nil {
		return nil, err
	}
	if !app.Spec.Running {
		return nil, &plainError{"the engine is stopped.", "`berth start` starts it."}
	}
	switch ready := conditionOf(app, appv1.ConditionContainerEngineReady); {
	case ready.Status == metav1.ConditionTrue && current(app, ready):
		return app, nil
	case ready.Reason == appv1.ReasonReconnecting:
		c.say("The engine does not answer; this is what was known%s.", asOf(app))
		return app, nil
	}
	app, err = c.follow(ctx, d, app.Generation, time.Now(), readingTimeout)
	if err != nil {
		return nil, err
	}
	if conditionOf(app, appv1.ConditionContainerEngineReady).Reason == appv1.ReasonNotApplicable {
		next := "`berth set containerEngine.name=moby` changes to Docker."
		return nil, &plainError{fmt.Sprintf("the engine is %s, of which nothing is shown.", app.Spec.ContainerEngine.Name), next}
	}
	return app, nil
}

func asOf(app *appv1.App) string {
	if app.Status.Engine == nil || app.Status.Engine.SyncedAt == nil {
		return ""
	}
	return " at " + app.Status.Engine.SyncedAt.Format(time.TimeOnly)
}

// listing is how a list is printed.
type listing struct {
	format
	quiet, whole bool
}

func (l *listing) flags(cmd *cobra.Command) {
	l.flag(cmd)
	cmd.Flags().BoolVarP(&l.quiet, "quiet", "q", false, "show IDs only")
	cmd.Flags().BoolVar(&l.whole, "no-trunc", false, "do not shorten IDs and commands")
}

// id is an engine's ID, shortened unless the user wants it whole.
func (l *listing) id(id string) string {
	if l.whole {
		return id
	}
	_, digest, ok := strings.Cut(id, ":")
	if !ok {
		digest = id
	}
	return digest[:min(shortID, len(digest))]
}

// print shows list, which is the API's own, or its items as rows under titles, or by their fields where the user gave a
// template; the first column is what -q shows.
func (l *listing) print(c *CLI, list any, titles []string, rows [][]string, named []fields) error {
	switch {
	case l.template != nil:
		return l.printRows(c.cfg.Stdout, named)
	case l.quiet:
		for _, row := range rows {
			if _, err := fmt.Fprintln(c.cfg.Stdout, clean(row[0])); err != nil {
				return err
			}
		}
		return nil
	case !l.table():
		return l.format.print(c.cfg.Stdout, list)
	}
	return printTable(c.cfg.Stdout, titles, rows)
}

// printTable writes rows under titles. What is in them may be anybody's text.
func printTable(out io.Writer, titles []string, rows [][]string) error {
	t := tabwriter.NewWriter(out, 10, 1, 3, ' ', 0)
	for _, row := range slices.Concat([][]string{titles}, rows) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = clean(cell)
		}
		_, _ = fmt.Fprintln(t, strings.Join(cells, "\t")) // Flush tells what went wrong
	}
	return t.Flush()
}

func sorted(all []string) []string {
	slices.Sort(all)
	return all
}

// labelsOf is labels as docker lists them.
func labelsOf(labels map[string]string) string {
	var all []string
	for name, value := range labels {
		all = append(all, name+"="+value)
	}
	return strings.Join(sorted(all), ",")
}

// exactly is a time as docker shows it in whole.
func exactly(t *metav1.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04:05 -0700 MST")
}

// ago is how long before now a moment was, as docker says it.
func ago(now time.Time, t *metav1.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return units.HumanDuration(now.Sub(t.Time)) + " ago"
}

// newestFirst compares two times of creation, and names where those are equal, so that the order never changes by itself.
func newestFirst(a, b *metav1.Time, nameA, nameB string) int {
	switch {
	case a.Before(b):
		return 1
	case b.Before(a):
		return -1
	default:
		return strings.Compare(nameA, nameB)
	}
}
