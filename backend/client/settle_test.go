package client_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// inTest runs the API within the test, so that the test can write what only the daemon writes: status.
type inTest struct {
	*client.Client
	paths  paths.Paths
	settle func(change func(*appv1.AppStatus))
}

func newInTest(t *testing.T) inTest {
	t.Helper()
	p, _ := places(t)
	api, err := newAPI(p)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- api.Run(ctx) }()
	<-api.Ready()
	c := connect(t, client.Options{Paths: p})
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the API ended with %v", err)
		}
	})
	create(t, c)
	return inTest{c, p, func(change func(*appv1.AppStatus)) {
		t.Helper()
		_, err := api.Apps().UpdateStatus(t.Context(), types.NamespacedName{Name: appv1.AppName}, func(a *appv1.App) error {
			change(&a.Status)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}}
}

func settled(status metav1.ConditionStatus, reason, message string, generation int64) func(*appv1.AppStatus) {
	return func(s *appv1.AppStatus) {
		meta.SetStatusCondition(&s.Conditions, metav1.Condition{
			Type: appv1.ConditionSettled, Status: status, Reason: reason, Message: message, ObservedGeneration: generation,
		})
	}
}

// wait waits for generation, and has step called with each App that is seen, after which it writes what step gives.
func (s inTest) wait(t *testing.T, generation int64, steps ...func(*appv1.AppStatus)) (seen int, err error) {
	t.Helper()
	err = s.WaitSettled(t.Context(), generation, func(*appv1.App) {
		if seen < len(steps) {
			s.settle(steps[seen])
		}
		seen++
	})
	return seen, err
}

func TestAWaitAcceptsOnlyWhatWasDecidedOnItsGeneration(t *testing.T) {
	const no, yes = metav1.ConditionFalse, metav1.ConditionTrue
	s := newInTest(t)
	s.settle(settled(yes, appv1.ReasonSettled, "", 1))
	app, err := s.SetRunning(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if app.Generation != 2 {
		t.Fatalf("the write returned generation %d, want 2", app.Generation)
	}
	seen, err := s.wait(t, app.Generation,
		settled(no, appv1.ReasonFailed, "the start before", 1),
		settled(no, appv1.ReasonSettling, "on its way", 2),
		settled(yes, appv1.ReasonSettled, "", 2))
	if err != nil || seen != 4 {
		t.Errorf("it was over after %d looks, want 4: %v", seen, err)
	}
	if seen, err = s.wait(t, 1); err != nil || seen != 1 {
		t.Errorf("what settled on a later generation: %d looks, %v", seen, err)
	}
}

func TestAChangeThatDoesNotNameRunningIsWaitedForAsWell(t *testing.T) {
	s := newInTest(t)
	s.settle(settled(metav1.ConditionTrue, appv1.ReasonSettled, "", 1))
	app, err := s.Apps().Patch(t.Context(), appv1.AppName, map[string]any{"spec": map[string]any{"containerEngine": map[string]any{"name": "containerd"}}})
	if err != nil {
		t.Fatal(err)
	}
	seen, err := s.wait(t, app.Generation, settled(metav1.ConditionTrue, appv1.ReasonSettled, "", app.Generation))
	if err != nil || seen != 2 {
		t.Errorf("it was over after %d looks, want 2: %v", seen, err)
	}
}

func TestAWaitEndsWhenItFailedForItsGeneration(t *testing.T) {
	s := newInTest(t)
	_, err := s.wait(t, 1, func(st *appv1.AppStatus) {
		st.Failure = &appv1.FailureStatus{Message: "Docker does not start.", Hint: "Free some disk.", LogTail: []string{"no space"}, At: metav1.Now()}
		settled(metav1.ConditionFalse, appv1.ReasonFailed, "Docker does not start. Free some disk.", 1)(st)
	})
	failed, ok := errors.AsType[*client.NotSettledError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	want := &client.NotSettledError{Message: "Docker does not start.", Hint: "Free some disk.", LogTail: []string{"no space"}}
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAStartAfterOneThatFailedIsANewOne(t *testing.T) {
	s := newInTest(t)
	app, err := s.SetRunning(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.SetRunning(t.Context(), true)
	if err != nil || again.Generation != app.Generation {
		t.Errorf("asking twice made generation %d of %d, %v", again.Generation, app.Generation, err)
	}
	s.settle(settled(metav1.ConditionFalse, appv1.ReasonFailed, "no", app.Generation))
	again, err = s.SetRunning(t.Context(), true)
	if err != nil || again.Generation <= app.Generation || !again.Spec.Running {
		t.Errorf("the second start has generation %d, running %v, %v", again.Generation, again.Spec.Running, err)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	s := newInTest(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.WaitSettled(ctx, 1, func(*appv1.App) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAClosedClientLeavesNothingBehind(t *testing.T) {
	s := newInTest(t)
	ignore := goleak.IgnoreCurrent()
	c, err := client.Connect(t.Context(), client.Options{Paths: s.paths})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range c.Apps().Watch(t.Context(), "") {
		if err != nil {
			t.Error(err)
		}
		break
	}
	c.Close()
	goleak.VerifyNone(t, ignore)
}
