package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// session mirrors one engine into one namespace, through as many connections as it takes.
type session struct {
	cfg    Config
	pace   pace
	target target
	report *reporter
	log    *slog.Logger
	rows   rows
	synced bool // a first full read has been completed
}

func newSession(cfg Config, p pace, t target, r *reporter) *session {
	return &session{
		cfg: cfg, pace: p, target: t, report: r, rows: newRows(cfg, t.namespace),
		log: cfg.Log.With("endpoint", t.endpoint, "namespace", t.namespace),
	}
}

// run connects, again and again, until ctx ends.
func (s *session) run(ctx context.Context) {
	for failures := 0; ; failures++ {
		begun := time.Now()
		ready, err := s.connect(ctx)
		if ctx.Err() != nil {
			return
		}
		if ready && time.Since(begun) >= s.pace.steady {
			failures = 0 // an engine that comes and goes would be listed whole ten times a second
		}
		s.log.Info("The connection to the engine is lost", "error", err, "failures", failures)
		s.report.set(func(st *state) { *st = st.lost(err, s.target.endpoint) })
		if !sleep(ctx, s.backOff(failures)) {
			return
		}
	}
}

// backOff is how long to wait before the next connection. It grows to five seconds, or to one while somebody looks:
// to knock costs next to nothing.
func (s *session) backOff(failures int) time.Duration {
	const first, highest = 100 * time.Millisecond, 5 * time.Second
	ceiling := highest
	if s.cfg.Watched() {
		ceiling = time.Second
	}
	const enough = 6 // doublings that lead beyond the ceiling
	wait := min(first<<min(failures, enough), ceiling)
	return wait*4/5 + rand.N(wait/5) //nolint:gosec // to spread knocks in time, not to keep a secret
}

// connect makes one connection and serves it until it is lost. It says whether the engine became ready.
func (s *session) connect(ctx context.Context) (ready bool, err error) {
	engine, err := s.cfg.Dial(s.target.endpoint)
	if err != nil {
		return false, err
	}
	defer engine.Close()
	if err := ping(ctx, engine, s.pace.patience()); err != nil {
		return false, err
	}
	c := newConnection(s, engine)
	err = c.serve(ctx)
	return c.ready, err
}

// errSilent is the loss of an engine that holds the line and says nothing.
var errSilent = errors.New("it does not answer")

func ping(ctx context.Context, e Engine, patience time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errSilent)
	defer cancel()
	err := e.Ping(ctx)
	if err != nil && errors.Is(context.Cause(ctx), errSilent) {
		return fmt.Errorf("%w within %v", errSilent, patience)
	}
	return err
}
