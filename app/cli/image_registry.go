package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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
	line := c.newPullLine(quiet)
	defer line.end()
	pulled, err := carriedOut(ctx, m.ImagePulls(m.namespace),
		&containersv1.ImagePull{ObjectMeta: metav1.ObjectMeta{GenerateName: "pull-"}, Spec: spec}, "the pull of "+spec.Reference, "",
		func(p *containersv1.ImagePull) []metav1.Condition {
			line.show(p.Status.Progress)
			return p.Status.Conditions
		})
	if err != nil {
		return err
	}
	line.end()
	_, err = fmt.Fprintln(c.cfg.Stdout, pulled.Status.ImageID)
	return err
}

func (c *CLI) imagePushCommand() *cobra.Command {
	var spec containersv1.ImagePushSpec
	var quiet bool
	cmd := &cobra.Command{
		Use: "push IMAGE", Short: "Send an image to its registry, with the logins of `docker login`, and print its digest there", Args: cobra.ExactArgs(1),
		Example:           "  berth image tag shop ghcr.io/owner/shop:1\n  berth image push ghcr.io/owner/shop:1",
		ValidArgsFunction: imageThings().complete(c),
		RunE: func(cmd *cobra.Command, args []string) error {
			spec.Reference = args[0]
			m, err := c.mirror(cmd.Context())
			if err != nil {
				return err
			}
			defer m.Close()
			return c.push(cmd.Context(), m, spec, quiet)
		},
	}
	cmd.Flags().StringVar(&spec.Platform, "platform", "", "the image for OS/ARCHITECTURE[/VARIANT] alone")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing but the image's name with its digest")
	return cmd
}

// push has an image pushed, shows how far that has come, and prints the name by which the registry will always give this
// image. Whoever interrupts it cancels the push.
func (c *CLI) push(ctx context.Context, m mirrored, spec containersv1.ImagePushSpec, quiet bool) error {
	line := c.newPullLine(quiet)
	defer line.end()
	pushed, err := carriedOut(ctx, m.ImagePushes(m.namespace),
		&containersv1.ImagePush{ObjectMeta: metav1.ObjectMeta{GenerateName: "push-"}, Spec: spec}, "the push of "+spec.Reference, "",
		func(p *containersv1.ImagePush) []metav1.Condition {
			line.show(p.Status.Progress)
			return p.Status.Conditions
		})
	if err != nil {
		return err
	}
	line.end()
	repository, _ := splitTag(spec.Reference)
	_, err = fmt.Fprintln(c.cfg.Stdout, repository+"@"+pushed.Status.Digest)
	return err
}

// pullLine shows how far a pull or a push has come: in one line that is drawn again on a terminal, and otherwise in a line for each
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
