package diagnostics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/client"
)

// subject is what several checks want to know.
type subject struct {
	Config
	daemon daemonState
	// app is nil unless the daemon answers.
	app *appv1.App
	// version is the daemon's.
	version string
	err     error
}

type daemonState int

const (
	daemonDown daemonState = iota
	daemonUp
	daemonDeaf // something is there and does not answer as it should
)

// newSubject asks the daemon once, and starts none.
func newSubject(ctx context.Context, cfg Config) *subject {
	s := &subject{Config: cfg}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	d, err := client.Connect(ctx, client.Options{Paths: cfg.Paths})
	if err == nil {
		defer d.Close()
		s.version = d.Version()
		s.app, err = d.App(ctx)
	}
	s.err = err
	switch {
	case err == nil:
		s.daemon = daemonUp
	case errors.Is(err, client.ErrNotRunning):
		s.daemon = daemonDown
	default:
		s.daemon = daemonDeaf
	}
	return s
}

// endpoint is where the engine answers, if it is known to.
func (s *subject) endpoint() string {
	if s.app == nil || s.app.Status.Engine == nil || !condition.IsTrue(s.app.Status.Conditions, appv1.ConditionRunning) {
		return ""
	}
	return s.app.Status.Engine.Endpoint
}

// provider is the engine's house as far as it is known.
func (s *subject) provider() appv1.Provider {
	if s.app == nil {
		return ""
	}
	return s.app.Spec.ContainerEngine.Provider
}

func lookAtDaemon(_ context.Context, s *subject) []Finding {
	switch s.daemon {
	case daemonDown:
		return []Finding{ok("Berth is not running; `berth start` starts it.")}
	case daemonDeaf:
		mend := "berth quit"
		why := s.err.Error()
		if errors.Is(s.err, context.DeadlineExceeded) {
			why = "it listens and does not answer"
			if pid := holder(s.Paths.Lock()); pid != "" {
				mend = "kill -9 " + pid // it hangs, so it would not hear anything else
			}
		}
		return []Finding{problem(mend, "Berth's daemon cannot be used: %s. Its log: %s", why, s.Paths.DaemonLog())}
	}
	if s.version != "" && !client.SameVersion(s.version, s.Version) {
		return []Finding{warning("berth quit", "The daemon is version %s and this is %s. End the old one; the next command starts the new one.", s.version, s.Version)}
	}
	return []Finding{ok("The daemon answers, version %s.", s.version)}
}

// holder is the process id in the lock file, if there is one.
func holder(lock string) string {
	text, err := os.ReadFile(lock)
	id := strings.TrimSpace(string(text))
	if err != nil || strings.Trim(id, "0123456789") != "" {
		return ""
	}
	return id
}

func lookAtEngine(_ context.Context, s *subject) []Finding {
	if s.app == nil {
		return nil
	}
	a := s.app
	if f := a.Status.Failure; f != nil && a.Spec.Running && !condition.IsTrue(a.Status.Conditions, appv1.ConditionSettled) {
		return []Finding{problem("", "%s. %s", strings.TrimSuffix(f.Message, "."), f.Hint)}
	}
	for _, name := range []string{appv1.ConditionCreated, appv1.ConditionRunning, appv1.ConditionContainerEngineReady, appv1.ConditionSettled} {
		c := condition.Get(a.Status.Conditions, name)
		if c.Status == "False" && a.Spec.Running {
			return []Finding{warning("berth status", "The engine is not ready: %s (%s=%s)", c.Message, c.Type, c.Reason)}
		}
	}
	if !a.Spec.Running {
		return []Finding{ok("The engine is stopped, as was asked.")}
	}
	return []Finding{ok("The engine is ready, at %s.", s.endpoint())}
}

// maxSkew is more than a slow answer and whole seconds explain.
const maxSkew = 5 * time.Second

// lookAtClock compares the engine's clock with ours: that of a machine which slept may be behind.
func lookAtClock(ctx context.Context, s *subject) []Finding {
	socket, isSocket := strings.CutPrefix(s.endpoint(), "unix://")
	if !isSocket {
		return nil
	}
	before := time.Now()
	date, err := dateAt(ctx, socket)
	if err != nil {
		return []Finding{warning("berth restart", "The engine did not tell its time: %v", err)}
	}
	skew := date.Sub(before.Add(time.Since(before) / 2))
	if skew.Abs() > maxSkew {
		return []Finding{problem("berth restart", "The engine's clock is %s off: certificates, builds and logs will be wrong.", skew.Round(time.Second))}
	}
	return []Finding{ok("The engine's clock agrees with this machine's.")}
}

func dateAt(ctx context.Context, socket string) (time.Time, error) {
	_, header, err := get(ctx, socket, "/_ping")
	if err != nil {
		return time.Time{}, err
	}
	return http.ParseTime(header.Get("Date"))
}

// maxAnswer bounds what is read of one answer.
const maxAnswer = 4 << 20

// get asks a unix socket in plain HTTP.
func get(ctx context.Context, socket, path string) ([]byte, http.Header, error) {
	var d net.Dialer
	t := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", socket) },
		DisableKeepAlives: true,
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://berth"+path, nil)
	if err != nil {
		return nil, nil, err
	}
	res, err := (&http.Client{Transport: t}).Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", path, res.Status)
	}
	return body, res.Header, err
}
