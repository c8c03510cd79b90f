package app_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/vm"
)

// aStart is a driver's start of three steps, of which one hangs. A step may name a deadline of its own.
func aStart(hangs string, within time.Duration) func(context.Context, func(vm.Step)) error {
	return func(ctx context.Context, report func(vm.Step)) error {
		for _, name := range []string{"Preparing folders", "Preparing the network", "Starting Docker"} {
			report(vm.Step{Name: name, At: time.Now(), Within: within})
			took := 3 * time.Second
			if name == hangs {
				took = 24 * time.Hour
			}
			for range 3 { // what a step says of itself gives it no more time
				if err := pass(ctx, took/3); err != nil {
					return err
				}
				report(vm.Step{Name: name, Message: "goes on", At: time.Now(), Within: within})
			}
		}
		return nil
	}
}

func TestEveryStepOfAStartHasADeadline(t *testing.T) {
	tests := map[string]struct {
		hangs   string
		within  time.Duration
		wait    time.Duration
		message string
	}{
		"making the machine":        {"create", 0, 15 * time.Second, "Docker was not up after 15 seconds."},
		"the first step":            {"Preparing folders", 0, 15 * time.Second, "“Preparing folders” was not done after 15 seconds."},
		"a step in the middle":      {"Preparing the network", 0, 18 * time.Second, "“Preparing the network” was not done after 15 seconds."},
		"the last step":             {"Starting Docker", 0, 21 * time.Second, "“Starting Docker” was not done after 15 seconds."},
		"a deadline of its own":     {"Starting Docker", 18 * time.Second, 24 * time.Second, "“Starting Docker” was not done after 18 seconds."},
		"all of it, step by step":   {"Starting Docker", time.Hour, 29 * time.Second, "Docker was not up after 29 seconds."},
		"nothing hangs, no trouble": {"", 0, 9 * time.Second, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				began := time.Now()
				g := w.want(up)
				if tt.message == "" {
					w.settled(g)
					return
				}
				a := w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
				if took := time.Since(began); took != tt.wait {
					t.Errorf("given up after %v, want %v", took, tt.wait)
				}
				w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStartFailed)
				f := a.Status.Failure
				if f == nil || f.Message != tt.message || len(f.LogTail) != 20 || f.LogTail[0] != "said by native" {
					t.Errorf("failure = %+v, want %q with the end of the engine's log", f, tt.message)
				}
				if steps := a.Status.Startup.Steps; tt.hangs != "create" && steps[len(steps)-1].State != appv1.StepFailed {
					t.Errorf("steps = %+v, want the last one failed", steps)
				}
			}, func(w *world) {
				w.timing.Step, w.timing.Start = 15*time.Second, 29*time.Second
				w.native.start = aStart(tt.hangs, tt.within)
				if tt.hangs == "create" {
					w.native.create = func(ctx context.Context) error { return pass(ctx, 24*time.Hour) }
				}
			})
		})
	}
}

func TestStartCanBeCancelledAtEveryStep(t *testing.T) {
	for _, hangs := range []string{"create", "Preparing folders", "Preparing the network", "Starting Docker"} {
		t.Run(hangs, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.want(up)
				time.Sleep(10 * time.Second) //nolint:forbidigo // in a bubble: it hangs by now
				began := time.Now()
				a := w.settled(w.want(down))
				if took := time.Since(began); took != 0 {
					t.Errorf("it took %v to cancel", took)
				}
				w.is(a, appv1.ConditionRunning, metav1.ConditionFalse, appv1.ReasonStopped)
				if a.Status.Failure != nil {
					t.Errorf("failure = %+v, and it was cancelled", a.Status.Failure)
				}
				w.native.start, w.native.create = nil, nil
				w.settled(w.want(up))
			}, func(w *world) {
				w.native.start = aStart(hangs, 0)
				if hangs == "create" {
					w.native.create = func(ctx context.Context) error { return pass(ctx, 24*time.Hour) }
				}
			})
		})
	}
	t.Run("while the mirror reads", func(t *testing.T) {
		inWorld(t, func(w *world) {
			g := w.want(up)
			w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
			w.answer(g, metav1.ConditionFalse, appv1.ReasonConnecting)
			g = w.want(down)
			synctest.Wait()
			w.answer(g, metav1.ConditionFalse, appv1.ReasonStopped)
			w.settled(g)
		}, withoutMirror)
	})
}

func TestEngineThatNobodyCanReadIsAFailureInTheEnd(t *testing.T) {
	inWorld(t, func(w *world) {
		g := w.want(up)
		w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
		began := time.Now()
		w.answer(g, metav1.ConditionFalse, appv1.ReasonConnectFailed)
		a := w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
		if took := time.Since(began); took != w.timing.Connect {
			t.Errorf("it took %v, want %v", took, w.timing.Connect)
		}
		w.is(a, appv1.ConditionRunning, metav1.ConditionTrue, appv1.ReasonStarted)
		if f := a.Status.Failure; f == nil || len(f.LogTail) != 20 || f.Hint == "" {
			t.Errorf("failure = %+v, want what to do and the end of the engine's log", f)
		}
		w.answer(g, metav1.ConditionTrue, appv1.ReasonConnected) // the mirror never gives up
		if a = w.settled(g); a.Status.Failure != nil {
			t.Errorf("failure = %+v, and it is connected", a.Status.Failure)
		}
		w.called(w.native, "create", "start")
	}, withoutMirror, func(w *world) { w.timing.Connect = 20 * time.Second })
}

func TestStepsTellHowLongTheyUsuallyTake(t *testing.T) {
	medians := func(w *world) map[string]int64 {
		a, err := w.apps.Get(t.Context(), key())
		if err != nil || a.Status.Startup == nil {
			t.Fatalf("no startup: %v", err)
		}
		got := map[string]int64{"": a.Status.Startup.MedianMillis}
		for _, s := range a.Status.Startup.Steps {
			got[s.Name] = s.MedianMillis
		}
		return got
	}
	inWorld(t, func(w *world) {
		w.native.start = aStart("", 0)
		for i, want := range []map[string]int64{
			{"": 0, "Preparing folders": 0, "Preparing the network": 0, "Starting Docker": 0},
			{"": 9000, "Preparing folders": 3000, "Preparing the network": 3000, "Starting Docker": 3000},
		} {
			g := w.want(up)
			synctest.Wait()
			w.until(g, appv1.ConditionRunning, appv1.ReasonStarted)
			if diff := cmp.Diff(want, medians(w)); diff != "" {
				t.Errorf("medians of start %d (-want +got):\n%s", i+1, diff)
			}
			w.settled(g)
			w.settled(w.want(down))
		}
		// A start that fails or is cancelled, and another house, say nothing of how long a start takes.
		w.native.start = func(_ context.Context, report func(vm.Step)) error {
			report(vm.Step{Name: "Starting Docker", At: time.Now()})
			return errors.New("no")
		}
		g := w.want(up)
		w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
		w.settled(w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Provider = appv1.ProviderHost }))
		w.settled(w.want(down))
		w.native.start = aStart("", 0)
		w.settled(w.want(func(s *appv1.AppSpec) { s.Running, s.ContainerEngine.Provider = true, appv1.ProviderNative }))
		if got := medians(w)["Starting Docker"]; got != 3000 {
			t.Errorf("the median is %d ms, want that of the starts that went well", got)
		}
	})
}

func TestFailedStartIsRetriedWhenAsked(t *testing.T) {
	inWorld(t, func(w *world) {
		w.native.start = func(context.Context, func(vm.Step)) error { return errors.New("no") }
		g := w.want(up)
		w.until(g, appv1.ConditionSettled, appv1.ReasonFailed)
		w.native.start = nil
		retry := func(s *appv1.AppSpec) { s.RetriedAt = &metav1.MicroTime{Time: time.Now()} }
		again := w.want(retry)
		if again <= g {
			t.Fatalf("a retry is generation %d, and %d had failed: a wait would be over at once", again, g)
		}
		w.settled(again)
		w.called(w.native, "create", "start", "create", "start")
		w.settled(w.want(retry)) // what is as it should be is left alone
		w.called(w.native, "create", "start", "create", "start")
	})
}

func TestChangesOfSettingsCostOneRestart(t *testing.T) {
	inWorld(t, func(w *world) {
		w.settled(w.want(up))
		// One write of several settings.
		g := w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Provider, s.ContainerEngine.Host = appv1.ProviderHost, "one" })
		w.settled(g)
		w.called(w.native, "create", "start", "stop")
		w.called(w.host, "create", "start")
		// Several writes, while the first of them is being carried out.
		w.host.stop = func(ctx context.Context) error { return pass(ctx, 10*time.Second) }
		w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Host = "two" })
		time.Sleep(time.Second) //nolint:forbidigo // in a bubble: it is stopping
		w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Host = "three" })
		g = w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Host = "four" })
		w.settled(g)
		time.Sleep(time.Hour) //nolint:forbidigo // in a bubble
		w.called(w.host, "create", "start", "stop", "create", "start")
	})
}

// A wait that took what was said of the former generation for an answer would be over before anything has happened.
func TestFormerGenerationSettlesNoWait(t *testing.T) {
	inWorld(t, func(w *world) {
		before := w.want(up)
		w.settled(before)
		g := w.want(func(s *appv1.AppSpec) { s.ContainerEngine.Provider = appv1.ProviderHost }) // running is not named
		a, err := w.apps.Get(t.Context(), key())
		if err != nil {
			t.Fatal(err)
		}
		if c := condition.Get(a.Status.Conditions, appv1.ConditionSettled); c.Status != metav1.ConditionTrue || c.ObservedGeneration != before {
			t.Fatalf("the test means to look before the reconciler has: Settled is %s of generation %d", c.Status, c.ObservedGeneration)
		}
		if _, ok := condition.Since(a.Status.Conditions, appv1.ConditionSettled, g); ok {
			t.Error("a wait for the change would be satisfied already")
		}
		if a = w.settled(g); a.Status.Engine.Endpoint != "unix:///host" {
			t.Errorf("settled on %+v", a.Status.Engine)
		}
	})
}

func TestMachineOfAnotherProviderThatWasLeftRunningIsEnded(t *testing.T) {
	tests := map[string]struct {
		left  vm.State
		spec  func(*appv1.AppSpec)
		calls []string
	}{
		"while the other starts":   {vm.State{Phase: vm.Running, Endpoint: "unix:///native"}, up, []string{"stop"}},
		"while nothing is to run":  {vm.State{Phase: vm.Running, Endpoint: "unix:///native"}, down, []string{"stop"}},
		"what is left of a crash":  {vm.State{Phase: vm.Crashed}, up, []string{"stop"}},
		"nothing is left, nothing": {vm.State{Phase: vm.Stopped}, up, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				g := w.want(func(s *appv1.AppSpec) {
					tt.spec(s)
					s.ContainerEngine.Provider = appv1.ProviderHost
				})
				w.stop()
				w.native.calls = nil
				w.native.is(tt.left)
				w.own = []appv1.Provider{appv1.ProviderNative}
				w.run()
				w.settled(g)
				w.called(w.native, tt.calls...)
			})
		})
	}
}
