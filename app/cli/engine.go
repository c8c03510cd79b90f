package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
)

// waiting is how a command waits.
type waiting struct {
	wait    bool
	timeout time.Duration
}

func (w *waiting) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.wait, "wait", true, "wait until it is done")
	cmd.Flags().DurationVar(&w.timeout, "timeout", 5*time.Minute, "how long to wait; 0 waits for ever")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if w.timeout < 0 {
			return fmt.Errorf("--timeout is %s; it cannot be negative", w.timeout)
		}
		return nil
	}
}

func (c *CLI) startCommand() *cobra.Command {
	var w waiting
	cmd := &cobra.Command{
		Use: "start", Short: "Start the engine", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := c.connect(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer d.Close()
			return c.switchEngine(cmd.Context(), d, true, w)
		},
	}
	w.flags(cmd)
	return cmd
}

func (c *CLI) stopCommand() *cobra.Command {
	var w waiting
	cmd := &cobra.Command{
		Use: "stop", Short: "Stop the engine; containers, images and volumes stay", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Also where no daemon runs: one that was ended while its engine was up would start that again.
			d, err := c.connect(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer d.Close()
			return c.switchEngine(cmd.Context(), d, false, w)
		},
	}
	w.flags(cmd)
	return cmd
}

func (c *CLI) restartCommand() *cobra.Command {
	var w waiting
	cmd := &cobra.Command{
		Use: "restart", Short: "Stop the engine and start it again", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := c.connect(cmd.Context(), true)
			if err != nil {
				return err
			}
			defer d.Close()
			return c.restart(cmd.Context(), d, w)
		},
	}
	w.flags(cmd)
	return cmd
}

// restart waits for the stop in any case: a start that came before it would be all that the daemon sees.
func (c *CLI) restart(ctx context.Context, d *client.Client, w waiting) error {
	since := time.Now()
	app, err := d.SetRunning(ctx, false)
	if err != nil {
		return err
	}
	if _, err := c.follow(ctx, d, app.Generation, since, w.timeout); err != nil {
		return err
	}
	return c.switchEngine(ctx, d, true, w)
}

// switchEngine asks for the engine to be up or down, and waits for it.
func (c *CLI) switchEngine(ctx context.Context, d *client.Client, running bool, w waiting) error {
	since := time.Now()
	app, err := d.SetRunning(ctx, running)
	if err != nil {
		return err
	}
	return c.settle(ctx, d, app.Generation, since, w)
}

// settle waits until the App is as that generation wants it, shows the steps since then, and says how it ended.
func (c *CLI) settle(ctx context.Context, d *client.Client, generation int64, since time.Time, w waiting) error {
	if !w.wait {
		return nil
	}
	app, err := c.follow(ctx, d, generation, since, w.timeout)
	if err != nil {
		return err
	}
	for _, line := range outcome(app) {
		c.say("%s", line)
	}
	return nil
}

// follow waits and shows the steps. It returns the App as it was last seen.
func (c *CLI) follow(ctx context.Context, d *client.Client, generation int64, since time.Time, timeout time.Duration) (*appv1.App, error) {
	limited, cancel := ctx, func() {}
	if timeout > 0 {
		limited, cancel = context.WithTimeout(ctx, timeout)
	}
	defer cancel()
	p := newProgress(c.cfg.Stderr, c.terminal(c.cfg.Stderr), c.cfg.Getenv("NO_COLOR") == "", since)
	defer p.close()
	var last *appv1.App
	err := d.WaitSettled(limited, generation, func(app *appv1.App) {
		last = app
		p.observe(app)
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil, &timeoutError{after: timeout, at: standing(last)}
	}
	return last, err
}

// standing is where an App stands that has not settled, in words.
func standing(app *appv1.App) string {
	if app == nil {
		return ""
	}
	s := stateOf(app)
	if s.Message == "" {
		return "the engine is " + s.Name
	}
	return fmt.Sprintf("the engine is %s: %s", s.Name, s.Message)
}

// outcome says what a settled App is like.
func outcome(app *appv1.App) []string {
	if !app.Spec.Running {
		return []string{"The engine is stopped. Containers, images and volumes stay where they are."}
	}
	e := app.Status.Engine
	if e == nil {
		return []string{"The engine is running."}
	}
	ready := conditionOf(app, appv1.ConditionContainerEngineReady)
	if ready.Status == metav1.ConditionTrue {
		return []string{
			strings.Join(strings.Fields("Docker "+e.Version+" is running."), " "),
			fmt.Sprintf("Reach it with: docker -H %s ps", e.Endpoint),
		}
	}
	return []string{fmt.Sprintf("The engine is running at %s.", e.Endpoint), ready.Message}
}
