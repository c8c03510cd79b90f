package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-desktop/berth/backend/api/condition"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func (c *CLI) imagePullCommand() *cobra.Command {
	var spec containersv1.ImagePullSpec
	var quiet bool
	cmd := &cobra.Command{
		Use: "pull IMAGE", Short: "Fetch an image from its registry, with the logins of `docker login`", Args: cobra.ExactArgs(1),
		ValidArgsFunction: imageThings().complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec.Reference = args[0]
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			return c.pull(cmd.Context(), m, spec, quiet)
		},
	}
	cmd.Flags().StringVar(&spec.Platform, "platform", "", "the image for OS/ARCHITECTURE[/VARIANT]")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing but the image's ID")
	return cmd
}

// pull has an image pulled, shows how far that has come, and prints the image's ID. Whoever interrupts it cancels the pull.
func (c *CLI) pull(ctx context.Context, m mirrored, spec containersv1.ImagePullSpec, quiet bool) error {
	requests := m.ImagePulls(m.namespace)
	asked, err := requests.Create(ctx, &containersv1.ImagePull{ObjectMeta: metav1.ObjectMeta{GenerateName: "pull-"}, Spec: spec})
	if err != nil {
		return err
	}
	line := c.newPullLine(quiet)
	defer line.end()
	for e, err := range requests.Watch(ctx, asked.Name) {
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			return err
		}
		if e.Type == watch.Bookmark {
			continue
		}
		if e.Type == watch.Deleted {
			return &plainError{fmt.Sprintf("the pull of %s was cancelled by somebody else.", spec.Reference), ""}
		}
		now := e.Object.Status
		line.show(now.Progress)
		if failed := condition.Get(now.Conditions, containersv1.ConditionFailed); failed.Status == metav1.ConditionTrue {
			return &plainError{failed.Message, ""}
		}
		if condition.IsTrue(now.Conditions, containersv1.ConditionComplete) {
			line.end()
			_, err := fmt.Fprintln(c.cfg.Stdout, now.ImageID)
			return err
		}
	}
	if ctx.Err() == nil {
		return &plainError{fmt.Sprintf("the daemon said no more of the pull of %s.", spec.Reference), "Pull it again."}
	}
	if err := withdraw(ctx, requests, asked.Name); err != nil {
		return err
	}
	return &plainError{fmt.Sprintf("the pull of %s was cancelled.", spec.Reference), ""}
}

// withdraw cancels a request of somebody who has been interrupted.
func withdraw(ctx context.Context, requests interface {
	Delete(ctx context.Context, name string) error
}, name string,
) error {
	later, cancel := context.WithTimeout(context.WithoutCancel(ctx), actionTimeout)
	defer cancel()
	if err := requests.Delete(later, name); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	return nil
}

// pullLine shows how far a pull has come: in one line that is drawn again on a terminal, and otherwise in a line for each
// layer, so that a log does not fill with bytes.
type pullLine struct {
	out  io.Writer
	live bool
	told string
}

func (c *CLI) newPullLine(quiet bool) *pullLine {
	if quiet {
		return &pullLine{out: io.Discard}
	}
	return &pullLine{out: c.cfg.Stderr, live: c.terminal(c.cfg.Stderr)}
}

func (l *pullLine) show(progress string) {
	progress = clean(progress)
	if !l.live {
		progress, _, _ = strings.Cut(progress, ", ")
	}
	switch {
	case progress == "" || progress == l.told:
		return
	case l.live:
		l.write("%s%s", eraseEnd, progress)
	default:
		l.write("%s\n", progress)
	}
	l.told = progress
}

// end leaves the terminal's line as it stands.
func (l *pullLine) end() {
	if l.live && l.told != "" {
		l.write("\n")
		l.told = ""
	}
}

func (l *pullLine) write(format string, args ...any) {
	_, _ = fmt.Fprintf(l.out, format, args...) // progress that nobody can see is no failure of what it shows
}
