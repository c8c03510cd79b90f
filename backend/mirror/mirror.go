// Package mirror brings an engine's containers, images, volumes and networks into the API and keeps them true.
//
// It is the sole writer of what is observed: the status of the mirrored kinds (but for the few fields that their
// reconcilers own) and, on App, ContainerEngineReady, what is known of the engine, and the step that reads it.
//
// One goroutine drains the engine's events and marks keys dirty, nothing more: an engine waits for its slowest
// listener. Workers read dirty things again, compare, and write what differs. So an event that is lost, doubled, late
// or lying does no harm, and a list of everything from time to time finds what no event told.
package mirror

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/engine"
)

// Engine is what the mirror needs of an engine's client.
type Engine interface {
	Ping(ctx context.Context) error
	Info(ctx context.Context) (engine.Info, error)
	Events(ctx context.Context, since time.Time, observe func(engine.Key)) error
	ListContainers(ctx context.Context, ids ...string) ([]engine.ContainerRecord, error)
	ListNewContainers(ctx context.Context, known func(engine.Fingerprint) bool) ([]engine.ContainerRecord, error)
	InspectContainer(ctx context.Context, id string) (engine.ContainerRecord, error)
	Images(ctx context.Context, ids ...string) ([]engine.ImageRecord, error)
	Volumes(ctx context.Context, names ...string) ([]engine.VolumeRecord, error)
	Networks(ctx context.Context, ids ...string) ([]engine.NetworkRecord, error)
	Close() error
}

// Config is what a Mirror works with. All fields are required.
type Config struct {
	Apps                store.Store[app.App, *app.App]
	Containers          store.Store[containers.Container, *containers.Container]
	Images              store.Store[containers.Image, *containers.Image]
	Volumes             store.Store[containers.Volume, *containers.Volume]
	Networks            store.Store[containers.Network, *containers.Network]
	ContainerNamespaces store.Store[containers.ContainerNamespace, *containers.ContainerNamespace]
	// Dial makes a client for an endpoint. The mirror closes it.
	Dial func(endpoint string) (Engine, error)
	// Watched says whether somebody looks at mirrored objects now.
	Watched func() bool
	Log     *slog.Logger
}

// Mirror follows App: it mirrors the engine that App names for as long as that runs.
type Mirror struct {
	cfg     Config
	pace    pace
	report  *reporter
	session *running           // the one session, or nil
	rows    map[string]content // of each namespace
}

// content says how much of a mirror a namespace holds.
type content int

const (
	none   content = iota
	partly         // a first read has begun
	synced         // a first read was completed
)

// pace is how patient the mirror is.
type pace struct {
	heartbeat     time.Duration // between two signs of life
	inspect       time.Duration // how long a live reader waits for one container's lock
	watched, idle time.Duration // between two lists of everything, while somebody looks and otherwise
	window        time.Duration // between two batches of the same kind
	retry         time.Duration // before something that could not be read is tried again
	settle        time.Duration // how long the first details may delay ContainerEngineReady
	steady        time.Duration // how long a connection lives that is no failure when it is lost
}

// patience is the wait for a sign of life. A dead engine is found within five seconds, and one that takes two for each
// answer is not dead.
func (p pace) patience() time.Duration { return p.heartbeat * 7 / 5 }

func defaultPace() pace {
	return pace{
		heartbeat: 2 * time.Second,
		inspect:   200 * time.Millisecond,
		watched:   30 * time.Second,
		idle:      5 * time.Minute,
		window:    time.Millisecond,
		retry:     5 * time.Second,
		settle:    150 * time.Millisecond,
		steady:    10 * time.Second,
	}
}

// target is one engine and where its mirror goes.
type target struct{ namespace, endpoint string }

// running is a session that has been started.
type running struct {
	session *session // not to be read before it has ended
	target  target
	cancel  context.CancelFunc
	ended   chan struct{}
}

// New makes a mirror; Run does the work.
func New(cfg Config) *Mirror {
	return &Mirror{cfg: cfg, pace: defaultPace(), report: newReporter(cfg.Apps, cfg.Log), rows: map[string]content{}}
}

// Run mirrors until ctx ends, and returns nil then. What it has mirrored stays.
func (m *Mirror) Run(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { m.report.run(ctx); return nil })
	g.Go(func() error {
		defer m.endSession()
		m.follow(ctx)
		return nil
	})
	return g.Wait()
}

// obey brings the mirror to what App asks for. It returns once the former state has ended, not once the new is there.
func (m *Mirror) obey(ctx context.Context, w wish) error {
	if m.session != nil && (w.act != actMirror || m.session.target != w.target) {
		m.endSession()
	}
	rows := m.rows[w.target.namespace]
	next := func(s state) state { return s }
	switch w.act {
	case actMirror:
		if m.session == nil {
			next = func(s state) state { return s.connecting(rows == synced) }
			defer m.startSession(ctx, w.target)
		}
	case actKeep:
		next = func(s state) state { return s.away(rows == synced) }
	case actEmpty, actNothing:
		if err := m.empty(ctx, w.target.namespace); err != nil {
			return err
		}
		next = func(state) state { return stopped() }
		if w.act == actNothing {
			next = func(state) state { return notApplicable() }
		}
	}
	m.report.set(func(s *state) {
		*s = next(*s)
		s.generation = w.generation
	})
	return nil
}

// empty removes the mirror from a namespace; the engine is not asked.
func (m *Mirror) empty(ctx context.Context, namespace string) error {
	if m.rows[namespace] == none {
		return nil
	}
	if err := newRows(m.cfg, namespace).empty(ctx); err != nil {
		return fmt.Errorf("empty namespace %s: %w", namespace, err)
	}
	m.rows[namespace] = none
	return nil
}

func (m *Mirror) startSession(ctx context.Context, t target) {
	ctx, cancel := context.WithCancel(ctx)
	s := newSession(m.cfg, m.pace, t, m.report)
	m.session = &running{session: s, target: t, cancel: cancel, ended: make(chan struct{})}
	if m.rows[t.namespace] == none {
		m.rows[t.namespace] = partly
	}
	go func(ended chan<- struct{}) {
		defer close(ended)
		s.run(ctx)
	}(m.session.ended)
}

func (m *Mirror) endSession() {
	if m.session == nil {
		return
	}
	m.session.cancel()
	<-m.session.ended
	if m.session.session.synced {
		m.rows[m.session.target.namespace] = synced
	}
	m.session = nil
}
