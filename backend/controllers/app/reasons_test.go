package app_test

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/vm"
)

// Each reason of the conditions that the reconciler writes, what leads there, and what the others say meanwhile.
func TestReasons(t *testing.T) {
	slow := func(ctx context.Context, _ func(vm.Step)) error { return pass(ctx, 10*time.Second) }
	type told struct {
		status metav1.ConditionStatus
		reason string
	}
	yes := func(reason string) told { return told{metav1.ConditionTrue, reason} }
	no := func(reason string) told { return told{metav1.ConditionFalse, reason} }
	tests := map[string]struct {
		script                    func(w *world) int64
		wait                      string // the condition that says it first, and its reason
		reason                    string
		created, running, settled told
	}{
		"never started": {
			script: func(*world) int64 { return 1 },
			wait:   appv1.ConditionCreated, reason: appv1.ReasonPending,
			created: no(appv1.ReasonPending), running: told{metav1.ConditionUnknown, appv1.ReasonPending}, settled: no(appv1.ReasonSettling),
		},
		"starting": {
			script: func(w *world) int64 { w.native.start = slow; return w.want(up) },
			wait:   appv1.ConditionCreated, reason: appv1.ReasonCreated,
			created: yes(appv1.ReasonCreated), running: no(appv1.ReasonStarting), settled: no(appv1.ReasonSettling),
		},
		"cannot be made": {
			script: func(w *world) int64 {
				w.native.create = func(context.Context) error { return errors.New("no room") }
				return w.want(up)
			},
			wait: appv1.ConditionCreated, reason: appv1.ReasonCreateFailed,
			created: no(appv1.ReasonCreateFailed), running: no(appv1.ReasonStartFailed), settled: no(appv1.ReasonFailed),
		},
		"cannot be started": {
			script: func(w *world) int64 {
				w.native.start = func(context.Context, func(vm.Step)) error { return errors.New("no") }
				return w.want(up)
			},
			wait: appv1.ConditionRunning, reason: appv1.ReasonStartFailed,
			created: yes(appv1.ReasonCreated), running: no(appv1.ReasonStartFailed), settled: no(appv1.ReasonFailed),
		},
		"up": {
			script: func(w *world) int64 { return w.want(up) },
			wait:   appv1.ConditionSettled, reason: appv1.ReasonSettled,
			created: yes(appv1.ReasonCreated), running: yes(appv1.ReasonStarted), settled: yes(appv1.ReasonSettled),
		},
		"a start that is being cancelled": {
			script: func(w *world) int64 {
				w.native.start = func(context.Context, func(vm.Step)) error { return pass(context.Background(), 10*time.Second) }
				w.until(w.want(up), appv1.ConditionCreated, appv1.ReasonCreated)
				return w.want(down)
			},
			wait: appv1.ConditionRunning, reason: appv1.ReasonStopping,
			created: yes(appv1.ReasonCreated), running: no(appv1.ReasonStopping), settled: no(appv1.ReasonSettling),
		},
		"stopping": {
			script: func(w *world) int64 { w.settled(w.want(up)); return w.want(down) },
			wait:   appv1.ConditionRunning, reason: appv1.ReasonStopping,
			created: yes(appv1.ReasonCreated), running: yes(appv1.ReasonStopping), settled: no(appv1.ReasonSettling),
		},
		"stopped": {
			script: func(w *world) int64 { w.settled(w.want(up)); return w.want(down) },
			wait:   appv1.ConditionRunning, reason: appv1.ReasonStopped,
			created: yes(appv1.ReasonCreated), running: no(appv1.ReasonStopped), settled: yes(appv1.ReasonSettled),
		},
		"cannot be stopped": {
			script: func(w *world) int64 {
				w.settled(w.want(up))
				w.native.stop = func(context.Context) error { return errors.New("no") }
				return w.want(down)
			},
			wait: appv1.ConditionRunning, reason: appv1.ReasonStopFailed,
			created: yes(appv1.ReasonCreated), running: yes(appv1.ReasonStopFailed), settled: no(appv1.ReasonFailed),
		},
		"is not stopped in time": {
			script: func(w *world) int64 {
				w.settled(w.want(up))
				w.native.stop = func(ctx context.Context) error { return pass(ctx, 24*time.Hour) }
				return w.want(down)
			},
			wait: appv1.ConditionRunning, reason: appv1.ReasonStopFailed,
			created: yes(appv1.ReasonCreated), running: yes(appv1.ReasonStopFailed), settled: no(appv1.ReasonFailed),
		},
		"crashed": {
			script: func(w *world) int64 { g := w.want(up); w.settled(g); w.native.crash(); return g },
			wait:   appv1.ConditionRunning, reason: appv1.ReasonCrashed,
			created: yes(appv1.ReasonCreated), running: no(appv1.ReasonCrashed), settled: no(appv1.ReasonSettling),
		},
		"crashed once too often": {
			script: func(w *world) int64 {
				g := w.want(up)
				for range len(w.timing.Backoff) + 1 {
					w.settled(g)
					w.native.crash()
					w.until(g, appv1.ConditionRunning, appv1.ReasonCrashed)
				}
				return g
			},
			wait: appv1.ConditionSettled, reason: appv1.ReasonFailed,
			created: yes(appv1.ReasonCreated), running: no(appv1.ReasonCrashed), settled: no(appv1.ReasonFailed),
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				g := tt.script(w)
				a := w.until(g, tt.wait, tt.reason)
				for name, want := range map[string]told{
					appv1.ConditionCreated: tt.created, appv1.ConditionRunning: tt.running, appv1.ConditionSettled: tt.settled,
				} {
					w.is(a, name, want.status, want.reason)
					if c := condition.Get(a.Status.Conditions, name); c.ObservedGeneration != g || c.Message == "" {
						t.Errorf("%s was decided on generation %d, want %d, and says %q", name, c.ObservedGeneration, g, c.Message)
					}
				}
			}, func(w *world) { w.timing.Stop = 15 * time.Second })
		})
	}
}
