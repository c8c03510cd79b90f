package notify_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/app/notify"
	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/diagnostics"
)

// said is what an App says: the reasons of Running and Settled.
func said(wanted bool, running, settled string) *appv1.App {
	app := &appv1.App{}
	app.Spec.Running = wanted
	status := metav1.ConditionFalse
	if settled == appv1.ReasonSettled {
		status = metav1.ConditionTrue
	}
	app.Status.Conditions = []metav1.Condition{
		{Type: appv1.ConditionRunning, Status: metav1.ConditionFalse, Reason: running, Message: "It fell over."},
		{Type: appv1.ConditionSettled, Status: status, Reason: settled, Message: "It fell over."},
	}
	return app
}

// began is the App as it is since a start at that time.
func began(app *appv1.App, at time.Time) *appv1.App {
	app = app.DeepCopy()
	app.Status.Startup = &appv1.StartupStatus{StartedAt: metav1.NewMicroTime(at)}
	return app
}

func TestOnlyWhatTheUserDidNotCauseOrSeeIsTold(t *testing.T) {
	up := said(true, appv1.ReasonStarted, appv1.ReasonSettled)
	starting := said(true, appv1.ReasonStarting, appv1.ReasonSettling)
	crashed := said(true, appv1.ReasonCrashed, appv1.ReasonSettling)
	gaveUp := said(true, appv1.ReasonCrashed, appv1.ReasonFailed)
	failed := said(true, appv1.ReasonStartFailed, appv1.ReasonFailed)
	stopping, stopped := said(false, appv1.ReasonStopping, appv1.ReasonSettling), said(false, appv1.ReasonStopped, appv1.ReasonSettled)
	once := time.Now()
	again := once.Add(time.Second)
	first, second := began(up, once), began(up, again)
	type seen struct {
		after time.Duration
		app   *appv1.App // nil when another daemon is followed
	}
	for _, c := range []struct {
		name string
		seen []seen
		want []string
	}{
		{"it runs already", []seen{{0, up}}, nil},
		{"the user stops it", []seen{{0, up}, {0, stopping}, {time.Second, stopped}}, nil},
		{"it dies and comes back", []seen{{0, up}, {0, crashed}, {time.Second, starting}, {time.Second, up}}, []string{"Docker ended unexpectedly"}},
		{"it dies again soon", []seen{{0, up}, {0, crashed}, {time.Second, up}, {time.Minute, crashed}, {time.Second, up}}, []string{"Docker ended unexpectedly"}},
		{"it dies again much later", []seen{{0, up}, {0, crashed}, {time.Second, up}, {time.Hour, up}, {0, crashed}}, []string{"Docker ended unexpectedly", "Docker ended unexpectedly"}},
		{"it is given up", []seen{{0, up}, {0, crashed}, {time.Second, starting}, {time.Second, gaveUp}, {time.Second, gaveUp}}, []string{"Docker ended unexpectedly", "Docker ends again and again, and was given up"}},
		{"it dies too fast to be seen", []seen{{0, first}, {time.Second, began(starting, again)}, {time.Second, second}, {0, second}}, []string{"Docker ended unexpectedly"}},
		{"it dies and is back before it is seen", []seen{{0, first}, {time.Second, second}, {time.Second, second}}, []string{"Docker ended unexpectedly"}},
		{"the user starts it again", []seen{{0, first}, {0, stopping}, {0, stopped}, {0, began(starting, again)}, {time.Second, second}}, nil},
		{"another daemon takes it over", []seen{{0, first}, {time.Second, nil}, {0, began(starting, again)}, {time.Second, second}}, nil},
		{"it has just died", []seen{{0, crashed}, {time.Second, up}}, []string{"Docker ended unexpectedly"}},
		{"it was given up before", []seen{{0, gaveUp}, {time.Second, gaveUp}}, nil},
		{"it dies while the user stops it", []seen{{0, up}, {0, stopping}, {0, said(false, appv1.ReasonCrashed, appv1.ReasonSettling)}, {0, stopped}}, nil},
		{"a start that is waited for", []seen{{0, stopped}, {0, starting}, {time.Second, up}}, nil},
		{"a start that takes long", []seen{{0, stopped}, {0, starting}, {time.Minute, starting}, {time.Second, up}}, []string{"Docker is running"}},
		{"a start that fails at once", []seen{{0, stopped}, {0, starting}, {time.Second, failed}}, nil},
		{"a start that fails late", []seen{{0, stopped}, {0, starting}, {time.Minute, failed}, {0, failed}}, []string{"Docker did not start"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, j := time.Now(), notify.NewJudge()
			var got []string
			for _, s := range c.seen {
				now = now.Add(s.after)
				if s.app == nil {
					j.Anew()
					continue
				}
				if n := j.App(s.app, now); n != nil {
					got = append(got, n.Title)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAContainerThatKeepsEndingIsToldOnce(t *testing.T) {
	now, j := time.Now(), notify.NewJudge()
	var got []notify.Notice
	look := func(restarts int32, after time.Duration) {
		now = now.Add(after)
		c := &containersv1.Container{ObjectMeta: metav1.ObjectMeta{Name: "4f1c"}}
		c.Status.Name, c.Status.RestartCount, c.Status.ExitCode = "web", restarts, 7
		if n := j.Container(c, false, now); n != nil {
			got = append(got, *n)
		}
	}
	look(40, 0) // what was before is no news
	for i := range int32(5) {
		look(41+i, 10*time.Second)
	}
	want := []notify.Notice{{
		Cause: "container 4f1c", Title: "web ends again and again", Link: "berth://container/4f1c/logs", Urgent: true,
		Body: "It was started again 3 times within 30s; last it ended with exit code 7.",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	look(46, time.Hour) // one restart after a calm hour is no loop
	look(47, time.Second)
	look(48, time.Second)
	if len(got) != 1 {
		t.Errorf("two restarts after a calm hour are told: %+v", got[1:])
	}
	look(49, time.Second)
	if len(got) != 2 {
		t.Errorf("another loop is not told: %+v", got)
	}
	look(0, time.Second) // started by hand
	look(1, time.Second)
	if len(got) != 2 {
		t.Errorf("a start by hand is told: %+v", got[2:])
	}
}

func TestADiskThatIsNearlyFullIsToldOnceUntilItHasRoom(t *testing.T) {
	j := notify.NewJudge()
	var told []int
	for i, level := range []diagnostics.Level{
		diagnostics.OK, diagnostics.Problem, diagnostics.Problem, diagnostics.Warning, diagnostics.Problem, diagnostics.OK, diagnostics.Problem,
	} {
		if n := j.Disk(diagnostics.Finding{Level: level, Message: "0.5 GiB free."}); n != nil {
			told = append(told, i)
		}
	}
	if diff := cmp.Diff([]int{1, 6}, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
