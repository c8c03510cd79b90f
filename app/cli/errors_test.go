package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

func TestExplain(t *testing.T) {
	invalid := apierrors.NewInvalid(appv1.SchemeGroupVersion.WithKind("App").GroupKind(), appv1.AppName, field.ErrorList{
		field.NotSupported(field.NewPath("spec", "containerEngine", "provider"), "moon", []string{"host", "native"}),
	})
	for name, c := range map[string]struct {
		err  error
		code int
		want []string
	}{
		"usage": {&usageError{errors.New("unknown flag: --x"), "berth set"}, exitUsage, []string{"unknown flag: --x", "`berth set --help` says how it is used."}},
		"validation names the property": {
			fmt.Errorf("patch: %w", invalid), exitRefused,
			[]string{`refused: containerEngine.provider: Unsupported value: "moon": supported values: "host", "native"`},
		},
		"a timeout": {
			&timeoutError{time.Second, "the engine is starting"}, exitTimeout,
			[]string{"not done after 1s: the engine is starting", "It goes on in the background: `berth status` shows how far it is."},
		},
		"no daemon": {fmt.Errorf("x: %w", client.ErrNotRunning), exitUnreachable, []string{"Berth is not running.", "`berth start` starts it."}},
		"a daemon that will not start": {
			&client.StartError{Reason: "the daemon ended at once", Log: "/l", Tail: []string{"berth: no room"}}, exitUnreachable,
			[]string{"Berth could not be started: the daemon ended at once.", "  | berth: no room", "Its log: /l"},
		},
		"an engine that will not start": {
			&client.NotSettledError{Message: "Docker does not start.", Hint: "Free some disk.", LogTail: []string{"no space"}}, exitError,
			[]string{"Docker does not start.", "  | no space", "Free some disk."},
		},
		"an interrupt": {
			fmt.Errorf("wait: %w", context.Canceled), exitError,
			[]string{"interrupted; what was begun goes on in the background.", "`berth status` shows how far it is."},
		},
		"a failure without a next step": {&plainError{message: "no"}, exitError, []string{"no"}},
		"anything else":                 {errors.New("odd"), exitError, []string{"odd"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, lines := explain(c.err)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if diff := cmp.Diff(c.want, lines); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// try runs the command line where no daemon can be reached and none may be started.
func try(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, messages bytes.Buffer
	env := map[string]string{paths.EnvHome: t.TempDir()}
	c := New(Config{
		Serve:   func(context.Context, paths.Paths, *slog.Logger) error { return nil },
		Version: "v9", Getenv: func(k string) string { return env[k] }, Stdout: &out, Stderr: &messages,
	})
	code = c.Run(t.Context(), args)
	return code, out.String(), messages.String()
}

func TestMisuseIsExitCode2AndSaysWhatIsRight(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"an unknown command":      {[]string{"startt"}, `did you mean "start"?`},
		"an unknown subcommand":   {[]string{"container", "lss"}, `did you mean "ls"?`},
		"docker's prune":          {[]string{"image", "prune"}, "`berth prune`"},
		"docker's verb":           {[]string{"image", "save", "x"}, "`docker --context berth image save x …`"},
		"an unknown flag":         {[]string{"status", "--colour"}, "unknown flag: --colour"},
		"an argument too many":    {[]string{"start", "now"}, "`berth start --help`"},
		"an argument too few":     {[]string{"container", "stop"}, "something is missing: `berth container stop"},
		"an unknown format":       {[]string{"status", "--format", "xml"}, "table, json, yaml or jsonpath"},
		"a bad template":          {[]string{"status", "--format", "jsonpath={.a"}, "unclosed action"},
		"an unknown property":     {[]string{"set", "runnning=true"}, `did you mean "running"?`},
		"a bool that is none":     {[]string{"set", "running=maybe"}, "true or false"},
		"nothing to set":          {[]string{"set"}, "nothing to set"},
		"a negative timeout":      {[]string{"start", "--timeout", "-1s"}, "cannot be negative"},
		"an unknown place":        {[]string{"paths", "kubconfg"}, `did you mean "kubeconfig"?`},
		"a timeout without units": {[]string{"stop", "--timeout", "5"}, "missing unit"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, messages := try(t, c.args...)
			if code != exitUsage || !strings.Contains(messages, c.want) {
				t.Errorf("exit code %d, want 2, and %q\n%s", code, c.want, messages)
			}
			if out != "" {
				t.Errorf("a message went to stdout: %s", out)
			}
		})
	}
}

func TestABadInstanceIsMisuse(t *testing.T) {
	var messages bytes.Buffer
	c := New(Config{Getenv: func(k string) string {
		return map[string]string{paths.EnvInstance: "no/name"}[k]
	}, Stdout: &messages, Stderr: &messages})
	if code := c.Run(t.Context(), []string{"paths"}); code != exitUsage {
		t.Errorf("exit code %d\n%s", code, messages.String())
	}
}

func TestCleanTakesWhatATerminalWouldObey(t *testing.T) {
	if got := clean("a\x1b[31mb\nc\u009bd\u202ee é"); got != "a?[31mb?c?d?e é" {
		t.Errorf("got %q", got)
	}
}
