package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

func at(seconds float64) metav1.MicroTime {
	return metav1.NewMicroTime(time.Unix(1_000_000, 0).Add(time.Duration(seconds * float64(time.Second))))
}

func active(name string, begun float64) appv1.StartupStep {
	return appv1.StartupStep{Name: name, State: appv1.StepActive, StartedAt: at(begun)}
}

func over(name string, state appv1.StepState, begun, ended float64) appv1.StartupStep {
	end := at(ended)
	return appv1.StartupStep{Name: name, State: state, StartedAt: at(begun), FinishedAt: &end}
}

func starting(steps ...appv1.StartupStep) *appv1.App {
	return &appv1.App{Status: appv1.AppStatus{Startup: &appv1.StartupStatus{Steps: steps}}}
}

func stopping(app *appv1.App) *appv1.App {
	app.Status.Conditions = []metav1.Condition{{Type: appv1.ConditionRunning, Status: metav1.ConditionTrue, Reason: appv1.ReasonStopping}}
	return app
}

func TestProgressHasALineForEachStepSinceTheCommand(t *testing.T) {
	earlier := over("Starting Docker", appv1.StepDone, -9, -8)
	for name, c := range map[string]struct {
		seen []*appv1.App
		want string
	}{
		"in order, once each": {
			[]*appv1.App{
				starting(active("Starting Docker", 1)), starting(active("Starting Docker", 1)),
				starting(over("Starting Docker", appv1.StepDone, 1, 2), active("Reading containers", 2)),
				starting(over("Starting Docker", appv1.StepDone, 1, 2), over("Reading containers", appv1.StepDone, 2, 3)),
			},
			"Starting Docker…\nReading containers…\n",
		},
		"also those that were over before they were seen": {
			[]*appv1.App{starting(over("Starting Docker", appv1.StepDone, 1, 2))}, "Starting Docker…\n",
		},
		"none of an earlier start": {[]*appv1.App{starting(earlier)}, ""},
		"one that somebody else has begun": {
			[]*appv1.App{starting(active("Starting Docker", -1))}, "Starting Docker…\n",
		},
		"a failure": {
			[]*appv1.App{starting(active("Starting Docker", 1)), starting(over("Starting Docker", appv1.StepFailed, 1, 2))},
			"Starting Docker…\nStarting Docker: failed\n",
		},
		"a restart": {
			[]*appv1.App{stopping(starting(earlier)), starting(earlier), starting(active("Starting Docker", 1))},
			"Stopping the engine…\nStarting Docker…\n",
		},
		"hostile names": {[]*appv1.App{starting(active("a\x1b[2Jb", 1))}, "a?[2Jb…\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := newProgress(&out, false, true, at(0).Time)
			for _, app := range c.seen {
				p.observe(app)
			}
			p.close()
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestProgressOnATerminalLeavesALineForEachStep(t *testing.T) {
	for name, c := range map[string]struct {
		color bool
		want  []string
	}{
		"plain":   {false, []string{"✓ Starting Docker 1.0 s", "✗ Reading containers"}},
		"colours": {true, []string{"\x1b[32m✓\x1b[0m Starting Docker \x1b[2m1.0 s\x1b[0m", "\x1b[31m✗\x1b[0m Reading containers"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			p := newProgress(&out, true, c.color, at(0).Time)
			done := over("Starting Docker", appv1.StepDone, 1, 2)
			p.observe(starting(active("Starting Docker", 1)))
			p.observe(starting(done, active("Reading containers", 2)))
			p.observe(starting(done, over("Reading containers", appv1.StepFailed, 2, 3)))
			p.close()
			if diff := cmp.Diff(c.want, visible(out.String())); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestProgressThatIsGivenUpLeavesWhereItStood(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, true, false, at(0).Time)
	p.observe(starting(active("Starting Docker", 1)))
	p.close()
	if diff := cmp.Diff([]string{"- Starting Docker"}, visible(out.String())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// visible is what stays on the screen: of each line, what was drawn last.
func visible(s string) []string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.TrimSpace(line[strings.LastIndex(line, eraseEnd)+len(eraseEnd):]))
	}
	return lines
}
