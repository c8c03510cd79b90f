package limavm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/vm"
)

// wish is what one generation of a LimaVM wants. Two are the same wish if they are equal.
type wish struct {
	generation int64
	running    bool
	deleting   bool
	policy     lima.RestartPolicy
	template   string
}

func wishOf(m *lima.LimaVM) wish {
	return wish{
		generation: m.Generation, running: m.Spec.Running, deleting: m.DeletionTimestamp != nil,
		policy: m.Spec.RestartPolicy, template: m.Spec.Template,
	}
}

func (w wish) gone() wish {
	w.deleting = true
	return w
}

// digest tells one template from another.
func (w wish) digest() string {
	sum := sha256.Sum256([]byte(w.template))
	return hex.EncodeToString(sum[:8])
}

// keeper keeps one machine as it is wanted.
type keeper struct {
	cfg     Config
	key     types.NamespacedName
	uid     types.UID
	machine Machine
	log     *slog.Logger
	wake    chan struct{} // holds one: something has changed

	mu     sync.Mutex // guards what follows
	wish   wish
	begun  wish               // that the start which is on its way was begun for
	cancel context.CancelFunc // of that start; nil without one
	seen   *vm.State          // by the watch, and not looked at yet
	last   *vm.State          // that the watch has told since the machine came up

	// Of run's goroutine.
	status  lima.LimaVMStatus
	present bool // something of the machine may run
	up      bool
	upSince time.Time
	crashes int // since it last stood for a while
	retryAt time.Time
	failed  *wish // that only a new one can mend
	spoke   time.Time

	unwritten bool // the object does not say what has come about
}

func newKeeper(cfg Config, m *lima.LimaVM) *keeper {
	k := &keeper{cfg: cfg, key: keyOf(m), uid: m.UID, wish: wishOf(m), wake: make(chan struct{}, 1), status: *m.Status.DeepCopy()}
	k.log = cfg.Log.With("machine", k.key.String())
	k.machine = cfg.Drivers(k.key, func() []byte { return []byte(k.wanted().template) })
	return k
}

// want takes a new wish. A start that is not wanted any more is cancelled.
func (k *keeper) want(w wish) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.wish == w {
		return
	}
	k.wish = w
	if k.cancel != nil && (!w.running || w.deleting || w.template != k.begun.template) {
		k.cancel()
	}
	k.nudge()
}

func (k *keeper) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *keeper) wanted() wish {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.wish
}

// run keeps the machine until it is deleted, or until ctx ends: then it is stopped.
func (k *keeper) run(ctx context.Context) {
	k.look(ctx)
	for ctx.Err() == nil {
		w := k.wanted()
		switch k.next(w) {
		case remove:
			if k.remove(ctx, w) {
				return
			}
			k.wait(ctx, k.cfg.Timing.Again)
		case create:
			k.create(ctx, w)
		case start:
			k.start(ctx, w)
		case stop:
			k.stop(ctx, w)
		default:
			k.rest(ctx, w)
		}
	}
	if k.present {
		k.log.Info("Stopping the machine, as the daemon ends")
		k.stop(ctx, wish{generation: k.wanted().generation})
	}
}

// step is what is to be done next.
type step int

const (
	nothing step = iota
	create
	start
	stop
	remove
)

// next is the protocol. A wish that failed is left alone until there is another.
func (k *keeper) next(w wish) step {
	switch {
	case w.deleting:
		return remove
	case k.failed != nil && *k.failed == w:
		return nothing
	case k.up && w.running && k.status.Template != w.digest():
		return stop
	case k.up && w.running:
		return nothing
	case k.present && !w.running:
		return stop
	case w.running && time.Now().Before(k.retryAt):
		return nothing
	case w.running:
		return start
	case !k.created():
		return create
	}
	return nothing
}

// look finds out what an earlier daemon has left.
func (k *keeper) look(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, k.cfg.Timing.Look)
	defer cancel()
	s, err := k.machine.Inspect(limited)
	if err != nil {
		k.log.Warn("The machine cannot be looked at; starting it will tell more", "error", err)
		return
	}
	k.present = s.Phase == vm.Running || s.Phase == vm.Starting || s.Phase == vm.Crashed
	// One that runs with another template than is wanted is brought down before it is started with that.
	k.up = s.Phase == vm.Running && k.status.Template != "" && k.status.Template != k.wanted().digest()
	if s.Phase != vm.Absent {
		k.setCreated(yes(lima.ReasonCreated, "The machine's folder is there."))
	}
}

// rest says how it is, and waits for something to happen.
func (k *keeper) rest(ctx context.Context, w wish) {
	k.settle(w)
	k.write(ctx, w)
	unwatch := k.watch(ctx)
	defer unwatch()
	pause := time.Duration(0)
	if !k.retryAt.IsZero() && !k.up {
		pause = max(time.Until(k.retryAt), time.Millisecond)
	}
	if k.unwritten && pause == 0 {
		pause = k.cfg.Timing.Again
	}
	k.wait(ctx, pause)
	k.observed(w)
}

// wait waits for a change, at most that long if it is not zero.
func (k *keeper) wait(ctx context.Context, most time.Duration) {
	var late <-chan time.Time
	if most > 0 {
		timer := time.NewTimer(most)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-ctx.Done():
	case <-k.wake:
	case <-late:
	}
}

// watch follows the driver while the machine is up. The function that it returns ends that.
func (k *keeper) watch(ctx context.Context) func() {
	if !k.up {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			err := k.machine.Watch(ctx, func(s vm.State) {
				k.mu.Lock()
				defer k.mu.Unlock()
				if l := k.last; l != nil && l.Phase == s.Phase && l.Endpoint == s.Endpoint && l.Warning == s.Warning {
					return // each watch begins with what the one before it ended with
				}
				k.seen, k.last = &s, &s
				k.nudge()
			})
			if ctx.Err() == nil {
				k.log.Warn("Watch of the machine ended, beginning another", "error", err)
				select {
				case <-ctx.Done():
				case <-time.After(k.cfg.Timing.Again):
				}
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

// observed takes in what the watch has seen. Only a machine that was up can crash.
func (k *keeper) observed(w wish) {
	k.mu.Lock()
	s := k.seen
	k.seen = nil
	k.mu.Unlock()
	if s == nil || !k.up {
		return
	}
	switch s.Phase {
	case vm.Running:
		k.describe(*s)
	case vm.Crashed, vm.Stopped, vm.Absent:
		f := s.Failure
		if f == nil {
			f = &vm.Failure{Message: "The machine was stopped from outside of Berth."}
		}
		if time.Since(k.upSince) >= k.cfg.Timing.Stable {
			k.crashes = 0
		}
		k.up, k.status.Endpoint = false, ""
		k.log.Warn("The machine went down", "phase", s.Phase, "failure", f)
		k.fell(w, lima.ReasonCrashed, f)
	}
}

// fell decides what becomes of a machine that went down, or did not come up again after that.
func (k *keeper) fell(w wish, reason string, f *vm.Failure) {
	k.fail(f)
	switch {
	case w.policy == lima.RestartNever || reason == lima.ReasonStartFailed && k.crashes == 0:
		k.failed = &w
	case k.crashes >= len(k.cfg.Timing.Backoff):
		reason, k.failed = lima.ReasonGivenUp, &w
	default:
		k.retryAt = time.Now().Add(k.cfg.Timing.Backoff[k.crashes])
		k.crashes++
	}
	k.setRunning(no(reason, f.Message))
}
