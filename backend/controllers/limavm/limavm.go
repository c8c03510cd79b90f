// Package limavm reconciles LimaVMs: it makes, starts, follows, restarts, stops and deletes the machines that they stand
// for. Owned is how App has a machine of its own: through a LimaVM, so that there is one who drives machines.
//
// Reconcile only tells a machine's keeper what is wanted. What takes time is done by the keeper, in a goroutine of its
// own, which is also the one writer of that LimaVM's status.
package limavm

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/vm"
)

// Details are what is to be known of a machine besides its state.
type Details struct {
	Dir         string
	SSHPort     int
	Accelerator string
}

// Machine is what drives one machine.
type Machine struct {
	vm.Driver
	// Describe tells what is known now. It waits for nothing.
	Describe func() Details
}

// Timing says how long things take at most, and how long we wait in between.
type Timing struct {
	// Look, Start and Stop are the deadlines of what a driver is asked to do.
	Look, Start, Stop time.Duration
	// Backoff is how long a machine that crashed stays down before each attempt to start it again.
	Backoff []time.Duration
	// Stable is how long a machine has to stand for its earlier crashes to be forgotten.
	Stable time.Duration
	// Again is the wait before what could not be done for want of something else is tried once more.
	Again time.Duration
	// Talk is the least time between two writes that only tell what the guest says.
	Talk time.Duration
}

// DefaultTiming is what users get. A first start may have to download the guest.
func DefaultTiming() Timing {
	return Timing{
		Look: 10 * time.Second, Start: 75 * time.Minute, Stop: 2 * time.Minute,
		Backoff: []time.Duration{time.Second, 2 * time.Second, 4 * time.Second},
		Stable:  time.Minute, Again: 5 * time.Second, Talk: 500 * time.Millisecond,
	}
}

// Config is what a Reconciler needs. All fields are required.
type Config struct {
	Machines store.Store[lima.LimaVM, *lima.LimaVM]
	// Drivers makes the driver of a machine. It touches nothing yet. template gives what is wanted at the time.
	Drivers func(key types.NamespacedName, template func() []byte) Machine
	Timing  Timing
	Log     *slog.Logger
}

// Reconciler reconciles LimaVM.
type Reconciler struct {
	cfg  Config
	line *loop.Line // keepers that have ended

	mu      sync.Mutex // guards what follows
	keepers map[types.NamespacedName]*keeper
	start   func(*keeper) // nil before Run and once it ends
}

// New makes a Reconciler; Run runs it.
func New(cfg Config) *Reconciler {
	return &Reconciler{cfg: cfg, line: loop.NewLine(), keepers: make(map[types.NamespacedName]*keeper)}
}

// Prepare takes back what an earlier daemon observed. It is for before anybody can read it.
func (r *Reconciler) Prepare(ctx context.Context) error {
	all, err := r.cfg.Machines.List(ctx, metav1.NamespaceAll)
	if err != nil {
		return fmt.Errorf("list the machines: %w", err)
	}
	for i := range all {
		_, err := r.cfg.Machines.UpdateStatus(ctx, keyOf(&all[i]), func(m *lima.LimaVM) error {
			m.Status.Conditions, m.Status.Endpoint, m.Status.SSHLocalPort = nil, "", 0
			return nil
		})
		if err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("take back what %s says of the past: %w", all[i].Name, err)
		}
	}
	return nil
}

// Run reconciles until ctx ends. Then it stops the machines, and returns.
func (r *Reconciler) Run(ctx context.Context) error {
	var keeping sync.WaitGroup
	defer keeping.Wait()
	r.mu.Lock()
	r.start = func(k *keeper) {
		keeping.Go(func() {
			k.run(ctx)
			r.ended(k)
		})
	}
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.start = nil
	}()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		return loop.Loop{
			Name: "limavm", Reconciler: r, Workers: 1, Log: r.cfg.Log,
			Feeds: []loop.Feed{
				loop.Watch(r.cfg.Machines, loop.Handler[*lima.LimaVM]{
					Changed: func(m *lima.LimaVM, add loop.Add) { add(reconcile.Request{NamespacedName: keyOf(m)}) },
					Gone:    func(m *lima.LimaVM, add loop.Add) { add(reconcile.Request{NamespacedName: keyOf(m)}) },
				}, r.cfg.Log),
				r.line.Feed,
			},
		}.Run(ctx)
	})
	return g.Wait()
}

// ended forgets a keeper, and has looked whether somebody wants another machine of that name.
func (r *Reconciler) ended(k *keeper) {
	r.mu.Lock()
	delete(r.keepers, k.key)
	r.mu.Unlock()
	r.line.Add(reconcile.Request{NamespacedName: k.key})
}

func keyOf(m *lima.LimaVM) types.NamespacedName {
	return types.NamespacedName{Namespace: m.Namespace, Name: m.Name}
}

// Reconcile implements reconcile.Reconciler. It never waits for a machine.
func (r *Reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	m, err := r.cfg.Machines.Get(ctx, req.NamespacedName)
	switch {
	case apierrors.IsNotFound(err):
		r.tell(req.NamespacedName, nil) // it goes as if it had been kept until then
		return reconcile.Result{}, nil
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("read the machine: %w", err)
	case m.DeletionTimestamp != nil && !controllerutil.ContainsFinalizer(m, lima.Finalizer):
		return reconcile.Result{}, nil
	case m.DeletionTimestamp == nil && !controllerutil.ContainsFinalizer(m, lima.Finalizer):
		if m, err = r.hold(ctx, req.NamespacedName); err != nil || m == nil {
			return reconcile.Result{}, err
		}
	}
	r.tell(req.NamespacedName, m)
	return reconcile.Result{}, nil
}

// hold puts our finalizer on an object that is not being deleted.
func (r *Reconciler) hold(ctx context.Context, key types.NamespacedName) (*lima.LimaVM, error) {
	m, err := r.cfg.Machines.Update(ctx, key, func(m *lima.LimaVM) error {
		if m.DeletionTimestamp == nil {
			controllerutil.AddFinalizer(m, lima.Finalizer)
		}
		return nil
	})
	if apierrors.IsNotFound(err) {
		return nil, nil //nolint:nilnil // gone meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("hold the machine: %w", err)
	}
	return m, nil
}

// tell passes on what is wanted. A machine that was deleted and made anew is another one: it waits for the first to be
// gone, whose end wakes us.
func (r *Reconciler) tell(key types.NamespacedName, m *lima.LimaVM) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.keepers[key]
	switch {
	case m == nil && k == nil:
	case m == nil:
		k.want(k.wanted().gone())
	case k == nil && r.start != nil:
		k = newKeeper(r.cfg, m)
		r.keepers[key] = k
		r.start(k)
	case k == nil:
	case k.uid != m.UID:
		k.want(k.wanted().gone())
	default:
		k.want(wishOf(m))
	}
}
