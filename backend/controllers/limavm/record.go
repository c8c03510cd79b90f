package limavm

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/condition"
	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/vm"
)

// verdict is the status, reason and message of a condition.
type verdict struct {
	status  metav1.ConditionStatus
	reason  string
	message string
}

func yes(reason, message string) verdict { return verdict{metav1.ConditionTrue, reason, message} }
func no(reason, message string) verdict  { return verdict{metav1.ConditionFalse, reason, message} }

func (k *keeper) isUp() metav1.ConditionStatus {
	if k.up {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

func (k *keeper) set(name string, v verdict) {
	condition.Set(&k.status.Conditions, metav1.Condition{
		Type: name, Status: v.status, Reason: v.reason, Message: v.message,
		ObservedGeneration: condition.Get(k.status.Conditions, name).ObservedGeneration,
	}, time.Now())
}

func (k *keeper) setRunning(v verdict) { k.set(lima.ConditionRunning, v) }
func (k *keeper) setCreated(v verdict) { k.set(lima.ConditionCreated, v) }

func (k *keeper) created() bool { return condition.IsTrue(k.status.Conditions, lima.ConditionCreated) }

// settle says how a machine is that nothing is being done to.
func (k *keeper) settle(w wish) {
	k.status.RestartNeeded = k.up && k.status.Template != w.digest()
	if !k.created() && (k.failed == nil || *k.failed != w) {
		k.setCreated(no(lima.ReasonPending, "The machine has not been made yet."))
	}
	if k.up && (k.failed == nil || *k.failed != w) {
		k.setRunning(yes(lima.ReasonStarted, "The machine is up."))
	}
	if !k.up && !w.running {
		k.setRunning(no(lima.ReasonStopped, "The machine is stopped."))
	}
	if !k.up {
		condition.Remove(&k.status.Conditions, lima.ConditionDegraded)
	}
}

// describe takes in what is known of a machine that is up.
func (k *keeper) describe(s vm.State) {
	k.status.Endpoint = s.Endpoint
	d := k.machine.Describe()
	k.status.InstanceDir, k.status.SSHLocalPort, k.status.Accelerator = d.Dir, int32(d.SSHPort), d.Accelerator //nolint:gosec // a port
	if s.Warning == "" {
		k.set(lima.ConditionDegraded, no(lima.ReasonHealthy, "All of the machine works as it should."))
		return
	}
	k.set(lima.ConditionDegraded, yes(lima.ReasonWarning, s.Warning))
}

func (k *keeper) fail(f *vm.Failure) {
	const most = 20
	tail := f.LogTail[max(0, len(f.LogTail)-most):]
	k.status.Failure = &lima.LimaVMFailure{
		Message: f.Message, Hint: f.Hint, LogTail: append([]string(nil), tail...), At: metav1.NewTime(time.Now().Truncate(time.Second)),
	}
}

// step takes in how far a start is. What the guest says is not written as fast as it says it.
func (k *keeper) step(ctx context.Context, w wish, s vm.Step) {
	steps := k.status.Steps
	if last := len(steps) - 1; last >= 0 && steps[last].Name == s.Name {
		steps[last].Message = s.Message
		if time.Since(k.spoke) < k.cfg.Timing.Talk {
			return
		}
	} else {
		k.endSteps(false)
		k.status.Steps = append(k.status.Steps, lima.LimaVMStep{Name: s.Name, StartedAt: micro(s.At), Message: s.Message})
	}
	k.spoke = time.Now()
	k.write(ctx, w)
}

func (k *keeper) endSteps(failed bool) {
	last := len(k.status.Steps) - 1
	if last < 0 || k.status.Steps[last].FinishedAt != nil {
		return
	}
	now := micro(time.Now())
	k.status.Steps[last].FinishedAt, k.status.Steps[last].Failed = &now, failed
}

// write says on the object what has come about, decided on w. It is the one writer of that status.
func (k *keeper) write(ctx context.Context, w wish) {
	for i := range k.status.Conditions {
		k.status.Conditions[i].ObservedGeneration = w.generation
	}
	_, err := k.cfg.Machines.UpdateStatus(context.WithoutCancel(ctx), k.key, func(m *lima.LimaVM) error {
		if m.UID == k.uid {
			m.Status = *k.status.DeepCopy()
		}
		return nil
	})
	k.unwritten = err != nil && !apierrors.IsNotFound(err)
	if k.unwritten {
		k.log.Warn("What has come of the machine could not be written", "error", err)
	}
}

// micro is t as precise as the API keeps it: a finer time would differ from its own copy.
func micro(t time.Time) metav1.MicroTime { return metav1.NewMicroTime(t.Truncate(time.Microsecond)) }
