package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/cobra"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
)

// status is what `berth status` tells; its JSON is for scripts.
type status struct {
	// Running says that the daemon runs. All else is there only if it does.
	Running       bool                 `json:"running"`
	DaemonVersion string               `json:"daemonVersion,omitempty"`
	Engine        *state               `json:"engine,omitempty"`
	Provider      appv1.Provider       `json:"provider,omitempty"`
	Docker        *appv1.EngineStatus  `json:"docker,omitempty"`
	Failure       *appv1.FailureStatus `json:"failure,omitempty"`
	// Warnings say what works less well than it should, while the engine runs.
	Warnings []string `json:"warnings,omitempty"`
}

func (c *CLI) statusCommand() *cobra.Command {
	var f format
	cmd := &cobra.Command{
		Use: "status", Short: "Show what the engine is like now", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := c.connect(cmd.Context(), false)
			if errors.Is(err, client.ErrNotRunning) {
				return c.showStatus(f, status{})
			}
			if err != nil {
				return err
			}
			defer d.Close()
			app, err := d.App(cmd.Context())
			if err != nil {
				return err
			}
			return c.showStatus(f, statusOf(app, d.Version()))
		},
	}
	f.flag(cmd)
	return cmd
}

func statusOf(app *appv1.App, version string) status {
	s := stateOf(app)
	var warnings []string
	if c := conditionOf(app, appv1.ConditionDegraded); c.Message != "" {
		warnings = strings.Split(c.Message, "\n")
	}
	return status{
		Running: true, DaemonVersion: version, Engine: &s, Provider: app.Spec.ContainerEngine.Provider,
		Docker: app.Status.Engine, Failure: app.Status.Failure, Warnings: warnings,
	}
}

func (c *CLI) showStatus(f format, s status) error {
	if !f.table() {
		return f.print(c.cfg.Stdout, s)
	}
	if !s.Running {
		c.say("`berth start` starts it.")
		_, err := fmt.Fprintln(c.cfg.Stdout, "not running")
		return err
	}
	return s.write(c.cfg.Stdout, time.Now())
}

// write shows it as lines of a name and a value.
func (s status) write(out io.Writer, now time.Time) error {
	t := tabwriter.NewWriter(out, 0, 8, 3, ' ', 0)
	line := func(name, text string) {
		if text != "" {
			_, _ = fmt.Fprintf(t, "%s\t%s\n", name, clean(text)) // Flush tells what went wrong
		}
	}
	line("Engine", s.Engine.Name)
	line("", s.Engine.Message)
	line("", s.Engine.Hint)
	line("Provider", string(s.Provider))
	if e := s.Docker; e != nil {
		line("Docker", about(e))
		line("Endpoint", e.Endpoint)
		if e.SyncedAt != nil {
			line("As of", strings.ToLower(units.HumanDuration(now.Sub(e.SyncedAt.Time)))+" ago")
		}
	}
	for _, w := range s.Warnings {
		line("Warning", w)
	}
	line("Daemon", s.DaemonVersion)
	return t.Flush()
}

// about is what kind of engine it is.
func about(e *appv1.EngineStatus) string {
	if e.Version == "" {
		return ""
	}
	var more []string
	if e.APIVersion != "" {
		more = append(more, "API "+e.APIVersion)
	}
	for _, s := range []string{e.Platform, e.StorageDriver} {
		if s != "" {
			more = append(more, s)
		}
	}
	if len(more) == 0 {
		return e.Version
	}
	return e.Version + " (" + strings.Join(more, ", ") + ")"
}
