package limavm

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/vm"
)

// abandonPatience is how long a start that was taken back is waited for.
const abandonPatience = 2 * time.Minute

// Rendering is a template, and what it was made from.
type Rendering struct {
	Template []byte
	// Shape is what the template was made from. A machine that runs keeps its template while this stays the same.
	Shape string
	// Note is for whoever waits for a start; it may be empty.
	Note string
}

// OwnerConfig is what Owned needs. All fields are required.
type OwnerConfig struct {
	Machines store.Store[lima.LimaVM, *lima.LimaVM]
	Apps     store.Store[app.App, *app.App]
	// Render makes the template of a machine of that shape.
	Render func(app.VM) (Rendering, error)
	VM     app.VM
}

// Owned is the machine that App owns, as App's reconciler drives it: each call is a wish that is written on the LimaVM,
// and an observation of what its keeper says there. It keeps nothing itself.
type Owned struct{ cfg OwnerConfig }

var _ vm.Driver = (*Owned)(nil)

// NewOwned makes one. It touches nothing.
func NewOwned(cfg OwnerConfig) *Owned { return &Owned{cfg: cfg} }

func (o *Owned) key(ctx context.Context) (types.NamespacedName, *app.App, error) {
	a, err := o.cfg.Apps.Get(ctx, types.NamespacedName{Name: app.AppName})
	if err != nil {
		return types.NamespacedName{}, nil, fmt.Errorf("read App: %w", err)
	}
	return types.NamespacedName{Namespace: a.Spec.Namespace, Name: lima.AppMachine}, a, nil
}

// Create implements vm.Driver: it writes what the machine is to be like, and returns once that is made.
func (o *Owned) Create(ctx context.Context) error {
	key, a, err := o.key(ctx)
	if err != nil {
		return err
	}
	r, err := o.cfg.Render(o.cfg.VM)
	if err != nil {
		return err
	}
	var generation int64
	_, err = o.until(ctx, key, func(m *lima.LimaVM) (bool, error) {
		switch {
		case m == nil:
			m, err := o.cfg.Machines.Create(ctx, o.newborn(key, a, r))
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return false, fmt.Errorf("make the machine's object: %w", err)
			}
			if err == nil {
				generation = m.Generation
			}
			return false, nil
		case m.DeletionTimestamp != nil || condition.Get(m.Status.Conditions, lima.ConditionRunning).Status == "":
			return false, nil // one that goes, or that nobody has looked at yet
		case generation == 0:
			m, err := o.cfg.Machines.Update(ctx, key, func(m *lima.LimaVM) error { o.shape(m, a, r); return nil })
			if err != nil {
				return false, fmt.Errorf("change the machine's object: %w", err)
			}
			generation = m.Generation
			return o.made(m, generation)
		}
		return o.made(m, generation)
	})
	return err
}

func (o *Owned) made(m *lima.LimaVM, generation int64) (bool, error) {
	c, ok := condition.Since(m.Status.Conditions, lima.ConditionCreated, generation)
	switch {
	case !ok:
		return false, nil
	case c.Reason == lima.ReasonCreateFailed:
		return false, failureOf(m, c.Message)
	}
	return c.Status == metav1.ConditionTrue, nil
}

func (o *Owned) newborn(key types.NamespacedName, a *app.App, r Rendering) *lima.LimaVM {
	m := &lima.LimaVM{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, Finalizers: []string{lima.Finalizer}}}
	o.shape(m, a, r)
	return m
}

// shape has the object say what is wanted, whose it is, and that App counts its crashes.
func (o *Owned) shape(m *lima.LimaVM, a *app.App, r Rendering) {
	owner := *metav1.NewControllerRef(a, app.SchemeGroupVersion.WithKind("App"))
	m.OwnerReferences = []metav1.OwnerReference{owner}
	m.Spec.RestartPolicy = lima.RestartNever
	if condition.Get(m.Status.Conditions, lima.ConditionCreated).Reason == lima.ReasonCreateFailed {
		now := micro(time.Now())
		m.Spec.RetriedAt = &now
	}
	runs := condition.IsTrue(m.Status.Conditions, lima.ConditionRunning)
	if runs && m.Annotations[lima.AnnotationShape] == r.Shape {
		return // another Berth may word it otherwise: that can wait for the next start
	}
	if m.Annotations == nil {
		m.Annotations = make(map[string]string)
	}
	m.Annotations[lima.AnnotationShape], m.Spec.Template = r.Shape, string(r.Template)
}

// Start implements vm.Driver.
func (o *Owned) Start(ctx context.Context, report func(vm.Step)) error {
	key, _, err := o.key(ctx)
	if err != nil {
		return err
	}
	if r, err := o.cfg.Render(o.cfg.VM); err == nil && r.Note != "" && report != nil {
		report(vm.Step{Name: "Preparing the machine", Message: r.Note, At: time.Now(), Within: time.Minute})
	}
	m, err := o.cfg.Machines.Update(ctx, key, func(m *lima.LimaVM) error {
		now := micro(time.Now())
		if c := condition.Get(m.Status.Conditions, lima.ConditionRunning); m.Spec.Running && c.Status != metav1.ConditionTrue {
			m.Spec.RetriedAt = &now
		}
		m.Spec.Running = true
		return nil
	})
	if err != nil {
		return fmt.Errorf("wish for the machine: %w", err)
	}
	told := teller{report: report}
	_, err = o.until(ctx, key, func(now *lima.LimaVM) (bool, error) {
		if now == nil {
			return false, &vm.Failure{Message: "The machine was deleted while it started.", Hint: "Start again: a new one is made."}
		}
		c, ok := condition.Since(now.Status.Conditions, lima.ConditionRunning, m.Generation)
		if !ok {
			return false, nil
		}
		told.tell(now)
		switch c.Reason {
		case lima.ReasonStarted:
			return true, nil
		case lima.ReasonStartFailed, lima.ReasonGivenUp, lima.ReasonCrashed, lima.ReasonStopFailed:
			return false, failureOf(now, c.Message)
		}
		return false, nil
	})
	if ctx.Err() == nil {
		return err
	}
	// The start was taken back, and so is the wish.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonPatience)
	defer cancel()
	return errors.Join(ctx.Err(), o.Stop(limited))
}

// Stop implements vm.Driver.
func (o *Owned) Stop(ctx context.Context) error {
	key, _, err := o.key(ctx)
	if err != nil {
		return err
	}
	m, err := o.cfg.Machines.Update(ctx, key, func(m *lima.LimaVM) error {
		if c := condition.Get(m.Status.Conditions, lima.ConditionRunning); !m.Spec.Running && c.Reason == lima.ReasonStopFailed {
			now := micro(time.Now())
			m.Spec.RetriedAt = &now
		}
		m.Spec.Running = false
		return nil
	})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wish the machine away: %w", err)
	}
	_, err = o.until(ctx, key, func(now *lima.LimaVM) (bool, error) {
		if now == nil {
			return true, nil
		}
		c, ok := condition.Since(now.Status.Conditions, lima.ConditionRunning, m.Generation)
		if ok && c.Reason == lima.ReasonStopFailed {
			return false, failureOf(now, c.Message)
		}
		return ok && c.Status == metav1.ConditionFalse && c.Reason == lima.ReasonStopped, nil
	})
	return err
}

// Kill implements vm.Driver.
func (o *Owned) Kill(ctx context.Context) error { return o.Stop(ctx) }

// Delete implements vm.Driver.
func (o *Owned) Delete(ctx context.Context) error {
	key, _, err := o.key(ctx)
	if err != nil {
		return err
	}
	if err := o.cfg.Machines.Delete(ctx, key); err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete the machine's object: %w", err)
	}
	_, err = o.until(ctx, key, func(m *lima.LimaVM) (bool, error) { return m == nil, nil })
	return err
}

// Inspect implements vm.Driver. A machine that nobody has looked at yet is waited for.
func (o *Owned) Inspect(ctx context.Context) (vm.State, error) {
	key, _, err := o.key(ctx)
	if err != nil {
		return vm.State{}, err
	}
	m, err := o.until(ctx, key, func(m *lima.LimaVM) (bool, error) {
		return m == nil || condition.Get(m.Status.Conditions, lima.ConditionRunning).Status != "", nil
	})
	if err != nil {
		return vm.State{}, err
	}
	return stateOf(m), nil
}

// Watch implements vm.Driver.
func (o *Owned) Watch(ctx context.Context, observe func(vm.State)) error {
	key, _, err := o.key(ctx)
	if err != nil {
		return err
	}
	var last *vm.State
	_, err = o.until(ctx, key, func(m *lima.LimaVM) (bool, error) {
		s := stateOf(m)
		if m != nil && condition.Get(m.Status.Conditions, lima.ConditionRunning).Status == "" {
			return false, nil
		}
		if last == nil || last.Phase != s.Phase || last.Endpoint != s.Endpoint || last.Warning != s.Warning {
			last = &s
			observe(s)
		}
		return false, nil
	})
	return err
}

// until calls see with the machine as it is, nil if there is none, and with each change, until see says that it is
// done or fails, or ctx ends.
func (o *Owned) until(ctx context.Context, key types.NamespacedName, see func(*lima.LimaVM) (bool, error)) (*lima.LimaVM, error) {
	for {
		m, done, err := o.watch(ctx, key, see)
		switch {
		case ctx.Err() != nil:
			return m, ctx.Err()
		case done || err != nil:
			return m, err
		}
	}
}

// watch is one watch's worth of until.
func (o *Owned) watch(ctx context.Context, key types.NamespacedName, see func(*lima.LimaVM) (bool, error)) (m *lima.LimaVM, done bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	w, err := o.cfg.Machines.Watch(ctx, key.Namespace)
	if err != nil {
		cancel()
		return nil, false, fmt.Errorf("watch the machine: %w", err)
	}
	defer func() {
		cancel()
		w.Stop()
		for range w.ResultChan() { // until its goroutine has ended
		}
	}()
	complete := false
	for e := range w.ResultChan() {
		obj, is := e.Object.(*lima.LimaVM)
		switch {
		case e.Type == watch.Bookmark:
			complete = true
		case !is || obj.Name != key.Name:
			continue
		case e.Type == watch.Deleted:
			m = nil
		default:
			m = obj
		}
		if !complete {
			continue
		}
		if done, err := see(m); done || err != nil {
			return m, done, err
		}
	}
	return m, false, nil
}

// stateOf is what a LimaVM says, as a driver would.
func stateOf(m *lima.LimaVM) vm.State {
	if m == nil {
		return vm.State{Phase: vm.Absent}
	}
	c := condition.Get(m.Status.Conditions, lima.ConditionRunning)
	switch c.Reason {
	case lima.ReasonStarted:
		s := vm.State{Phase: vm.Running, Endpoint: m.Status.Endpoint}
		if d := condition.Get(m.Status.Conditions, lima.ConditionDegraded); d.Status == metav1.ConditionTrue {
			s.Warning = d.Message
		}
		return s
	case lima.ReasonStarting:
		return vm.State{Phase: vm.Starting}
	case lima.ReasonStopping:
		return vm.State{Phase: vm.Stopping}
	case lima.ReasonCrashed, lima.ReasonGivenUp:
		return vm.State{Phase: vm.Crashed, Failure: failureOf(m, c.Message)}
	case lima.ReasonStopFailed:
		return vm.State{Phase: vm.Running, Endpoint: m.Status.Endpoint}
	}
	if !condition.IsTrue(m.Status.Conditions, lima.ConditionCreated) {
		return vm.State{Phase: vm.Absent}
	}
	return vm.State{Phase: vm.Stopped}
}

func failureOf(m *lima.LimaVM, message string) *vm.Failure {
	f := m.Status.Failure
	if f == nil {
		return &vm.Failure{Message: message}
	}
	return &vm.Failure{Message: f.Message, Hint: f.Hint, LogTail: f.LogTail}
}

// teller passes on the steps of a start, each as often as it says something new.
type teller struct {
	report func(vm.Step)
	name   string
	said   string
	steps  int
}

func (t *teller) tell(m *lima.LimaVM) {
	if t.report == nil {
		return
	}
	for i, s := range m.Status.Steps {
		last := i == len(m.Status.Steps)-1
		if i < t.steps-1 || !last && i < t.steps || last && s.Name == t.name && s.Message == t.said {
			continue
		}
		// Its keeper gives it up in time: each of its steps has a deadline that only the driver knows.
		t.report(vm.Step{Name: s.Name, Message: s.Message, At: s.StartedAt.Time, Within: DefaultTiming().Start})
		t.name, t.said, t.steps = s.Name, s.Message, i+1
	}
}
