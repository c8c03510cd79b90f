package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/berth-desktop/berth/backend/client"
)

// The exit codes.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2 // the command line makes no sense
	exitRefused     = 3 // the daemon refused the wish as invalid
	exitTimeout     = 4 // what was waited for did not happen in time
	exitUnreachable = 5 // there is no daemon, or none that answers
)

// usageError says that the command line makes no sense.
type usageError struct {
	err     error
	command string // whose help explains it; may be empty
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// plainError is a failure in the user's words, with the next step.
type plainError struct{ message, next string }

func (e *plainError) Error() string { return e.message }

// timeoutError says that a wait was given up. What was waited for goes on.
type timeoutError struct {
	after time.Duration
	at    string // where things stood; may be empty
}

func (e *timeoutError) Error() string {
	if e.at == "" {
		return fmt.Sprintf("not done after %s", e.after)
	}
	return fmt.Sprintf("not done after %s: %s", e.after, e.at)
}

// exitCode is that of a program that was run for the user; it has said what there was to say.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// report tells the user of err and returns the exit code.
func (c *CLI) report(err error) int {
	if passed, ok := errors.AsType[exitCode](err); ok {
		return int(passed)
	}
	code, lines := explain(err)
	for i, line := range lines {
		if i == 0 {
			line = "berth: " + line
		}
		c.say("%s", line)
	}
	return code
}

// explain gives the exit code for err, and what to tell the user: what happened, then what to do next.
func explain(err error) (code int, lines []string) {
	if e, ok := errors.AsType[*usageError](err); ok {
		lines = []string{e.Error()}
		if e.command != "" {
			lines = append(lines, fmt.Sprintf("`%s --help` says how it is used.", e.command))
		}
		return exitUsage, lines
	}
	if e, ok := errors.AsType[*timeoutError](err); ok {
		return exitTimeout, []string{e.Error(), "It goes on in the background: `berth status` shows how far it is."}
	}
	if e, ok := errors.AsType[*plainError](err); ok {
		if e.next == "" {
			return exitError, []string{e.message}
		}
		return exitError, []string{e.message, e.next}
	}
	if e, ok := errors.AsType[*client.NotSettledError](err); ok {
		return exitError, notSettled(e)
	}
	if e, ok := errors.AsType[*client.StartError](err); ok {
		return exitUnreachable, daemonFailed(e)
	}
	switch {
	case errors.Is(err, client.ErrRunning):
		return exitError, []string{"Berth already runs here: " + err.Error(), "`berth status` shows it."}
	case errors.Is(err, client.ErrNotRunning):
		return exitUnreachable, []string{"Berth is not running.", "`berth start` starts it."}
	case errors.Is(err, client.ErrUnreachable):
		return exitUnreachable, []string{err.Error()}
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err), apierrors.IsBadRequest(err):
		return exitRefused, refused(err)
	case errors.Is(err, context.Canceled):
		return exitError, []string{"interrupted; what was begun goes on in the background.", "`berth status` shows how far it is."}
	default:
		return exitError, []string{err.Error()}
	}
}

func notSettled(e *client.NotSettledError) []string {
	lines := []string{e.Message}
	for _, l := range e.LogTail {
		lines = append(lines, "  | "+l)
	}
	if e.Hint != "" {
		lines = append(lines, e.Hint)
	}
	return lines
}

func daemonFailed(e *client.StartError) []string {
	lines := []string{"Berth could not be started: " + e.Reason + "."}
	for _, l := range e.Tail {
		lines = append(lines, "  | "+l)
	}
	return append(lines, "Its log: "+e.Log)
}

// refused turns what validation said into a line per field, named as `berth set` names it.
func refused(err error) []string {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || status.Status().Details == nil || len(status.Status().Details.Causes) == 0 {
		return []string{"refused: " + err.Error()}
	}
	var lines []string
	for _, cause := range status.Status().Details.Causes {
		field := strings.TrimPrefix(cause.Field, "spec.")
		lines = append(lines, fmt.Sprintf("refused: %s: %s", field, cause.Message))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// wrongCount says in words which arguments a command takes, where cobra only counts them. Its errors have no type.
func wrongCount(cmd *cobra.Command, args []string, err error) error {
	if err == nil {
		return nil
	}
	takes := cmd.CommandPath()
	if _, names, ok := strings.Cut(cmd.Use, " "); ok {
		takes += " " + names
	}
	var want, got int
	switch {
	case strings.HasPrefix(err.Error(), "unknown command") && len(args) > 0:
		return fmt.Errorf("%q is too much: `%s` takes nothing more", args[0], cmd.CommandPath())
	case strings.HasPrefix(err.Error(), "requires at least"):
		return fmt.Errorf("something is missing: `%s`", takes)
	case matches(err, "accepts %d arg(s), received %d", &want, &got) && got > want, matches(err, "accepts at most %d arg(s), received %d", &want, &got):
		return fmt.Errorf("%q is too much: `%s`", args[want], takes)
	case want > 0:
		return fmt.Errorf("something is missing: `%s`", takes)
	}
	return err
}

func matches(err error, format string, into ...any) bool {
	n, _ := fmt.Sscanf(err.Error(), format, into...) // what does not match reads less
	return n == len(into)
}

// unknown says that there is no such thing, and which one may have been meant.
func unknown(what, name string, known []string) error {
	if like := nearest(name, known); like != "" {
		return fmt.Errorf("there is no %s %q; did you mean %q?", what, name, like)
	}
	return fmt.Errorf("there is no %s %q; there are: %s", what, name, strings.Join(known, ", "))
}

// nearest is the known name that is at most a third of its letters away, if there is one.
func nearest(name string, known []string) string {
	best, found := 0, ""
	for _, k := range known {
		d := distance(strings.ToLower(name), strings.ToLower(k))
		if d <= max(1, (len(k)+1)/3) && (found == "" || d < best) {
			best, found = d, k
		}
	}
	return found
}

// distance is how many letters must be changed, added or removed to make a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// say writes one line of message. It may hold what an engine said, so control characters do not pass.
func (c *CLI) say(format string, args ...any) {
	_, _ = fmt.Fprintln(c.cfg.Stderr, clean(fmt.Sprintf(format, args...))) // there is nowhere else to say it
}

// clean replaces what a terminal would obey or hide: control characters, and marks that reorder text.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r <= 0x9f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '?'
		default:
			return r
		}
	}, s)
}
