package mirror

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// filled is a fake with something of every kind.
func filled() *fake {
	f := newFake()
	f.setContainer(1, containers.StateRunning, func(s *containers.ContainerStatus) { s.Pid = 42 })
	f.setContainer(2, containers.StateExited, func(s *containers.ContainerStatus) { s.ExitCode = 3 })
	f.setImages(map[string][]string{"sha256:a": {"busybox:latest", "other:1"}, "sha256:b": nil})
	f.setVolume("data")
	f.setNetwork("bridge-id", "bridge")
	return f
}

func never(w *world) { w.mirror.pace.watched, w.mirror.pace.idle = time.Hour, time.Hour }

func often(w *world) {
	w.mirror.pace.watched, w.mirror.pace.idle = 20*time.Millisecond, 20*time.Millisecond
}

func TestMirrorReadsEverythingBeforeItIsReady(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	if got := w.containers(); len(got) != 2 || got[id(1)].Status.Pid != 42 || got[id(2)].Status.ExitCode != 3 || got[id(2)].Status.Path != "sleep" ||
		!slices.Equal(got[id(1)].Finalizers, []string{containers.Finalizer}) || got[id(1)].Spec.State != containers.DesiredUnknown {
		t.Errorf("containers: %+v", got)
	}
	if diff := cmp.Diff(map[string]string{"busybox:latest": "sha256:a", "other:1": "sha256:a", "<none>sha256:b": "sha256:b"}, w.images()); diff != "" {
		t.Error(diff)
	}
	if len(w.volumes()) != 1 {
		t.Errorf("volumes: %+v", w.volumes())
	}
	if _, err := w.cfg.ContainerNamespaces.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: "moby"}); err != nil {
		t.Error(err)
	}
	a := w.app()
	if e := a.Status.Engine; e.Version != "20.10.24" || e.APIVersion != "1.41" || e.Platform != "linux/amd64" || e.StorageDriver != "overlay2" || e.SyncedAt == nil {
		t.Errorf("engine: %+v", e)
	}
	steps := a.Status.Startup.Steps
	if len(steps) != 2 || steps[1].Name != app.StepReadingContainers || steps[1].State != app.StepDone || steps[1].Message != "2/2" || steps[1].FinishedAt == nil {
		t.Errorf("steps: %+v", steps)
	}
	if c := w.ready(); c.Status != metav1.ConditionTrue || c.ObservedGeneration != a.Generation {
		t.Errorf("%+v", c)
	}
	for kind, want := range map[string]bool{
		containers.ConditionRunning: true, containers.ConditionPaused: false, containers.ConditionRestarting: false,
		containers.ConditionDead: false, containers.ConditionOOMKilled: false,
	} {
		if got := condition.Get(w.containers()[id(1)].Status.Conditions, kind); got.Status == "" || (got.Status == metav1.ConditionTrue) != want {
			t.Errorf("condition %s: %+v", kind, got)
		}
	}
}

func TestEventsAreFollowed(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	f.setContainer(1, containers.StateExited, func(s *containers.ContainerStatus) { s.ExitCode = 137 })
	f.setContainer(3, containers.StateCreated)
	f.setVolume("more")
	f.set(func(f *fake) { delete(f.containers, id(2)); delete(f.volumes, "data") })
	f.tell(containerKey(1), containerKey(2), containerKey(3), containerKey(3), engine.Key{Kind: engine.KindVolume, ID: "more"}, engine.Key{Kind: engine.KindVolume, ID: "data"})
	w.awaitState(1, containers.StateExited)
	w.awaitState(3, containers.StateCreated)
	w.eventually("the rest", func() bool {
		_, gone := w.containers()[id(2)]
		_, more := w.volumes()["more"]
		return !gone && more && len(w.volumes()) == 1
	})
	if got := w.containers()[id(1)].Status; got.ExitCode != 137 || got.Pid != 0 {
		t.Errorf("%+v", got)
	}
}

func TestNothingNewWritesNothing(t *testing.T) {
	f := filled()
	w := withFake(t, f, often)
	w.eventually("details", func() bool { return w.containers()[id(1)].Status.Path != "" })
	before, appBefore := w.versions(), w.app().ResourceVersion
	lists := f.count("list containers")
	w.eventually("five more lists", func() bool { return f.count("list containers") >= lists+5 })
	f.tell(containerKey(1), containerKey(2), containerKey(99), engine.Key{Kind: engine.KindVolume, ID: "data"},
		engine.Key{Kind: engine.KindImage, ID: "sha256:a"}, engine.Key{Kind: engine.KindImage, ID: "no-such"}, engine.Key{Kind: "plugin", ID: "x"})
	inspects := f.count("inspect container")
	w.eventually("the events to be read", func() bool { return f.count("inspect container") >= inspects+3 })
	f.cut()
	lists = f.count("list containers")
	w.eventually("a new connection", func() bool { return f.count("list containers") > lists+1 && w.ready().Reason == app.ReasonConnected })
	if diff := cmp.Diff(before, w.versions()); diff != "" {
		t.Errorf("written without need: %s", diff)
	}
	if appBefore == w.app().ResourceVersion {
		t.Error("App was not told of the loss")
	}
}

func TestRelistAloneWritesNotEvenApp(t *testing.T) {
	f := filled()
	w := withFake(t, f, often)
	before := w.app().ResourceVersion
	lists := f.count("list containers")
	w.eventually("five more lists", func() bool { return f.count("list containers") >= lists+5 })
	if after := w.app().ResourceVersion; after != before {
		t.Errorf("App went from %s to %s", before, after)
	}
}

func TestRelistFindsWhatNoEventTold(t *testing.T) {
	f := filled()
	w := withFake(t, f, often)
	f.setContainer(1, containers.StateExited)
	f.setContainer(2, containers.StateExited, func(s *containers.ContainerStatus) { s.ExitCode, s.Error = 3, "no such program" }) // a list does not show it
	f.setContainer(3, containers.StateRunning)
	f.setImages(map[string][]string{"sha256:a": {"busybox:latest"}, "sha256:b": {"other:1"}})
	f.setVolume("more")
	f.set(func(f *fake) { delete(f.volumes, "data") })
	if err := w.cfg.ContainerNamespaces.Delete(t.Context(), types.NamespacedName{Namespace: namespace, Name: "moby"}); err != nil {
		t.Fatal(err)
	}
	w.awaitState(1, containers.StateExited)
	w.awaitState(3, containers.StateRunning)
	w.eventually("the error", func() bool { return w.containers()[id(2)].Status.Error != "" })
	w.eventually("the images", func() bool {
		return cmp.Equal(map[string]string{"busybox:latest": "sha256:a", "other:1": "sha256:b"}, w.images())
	})
	w.eventually("the volumes", func() bool { _, more := w.volumes()["more"]; return more && len(w.volumes()) == 1 })
	w.eventually("the namespace", func() bool {
		_, err := w.cfg.ContainerNamespaces.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: "moby"})
		return err == nil
	})
}

func TestObjectsThatTheUserTookArePutBack(t *testing.T) {
	f := filled()
	w := withFake(t, f, often)
	key := types.NamespacedName{Namespace: namespace, Name: id(1)}
	strip := func(c *containers.Container) error { c.Finalizers = nil; return nil }
	if _, err := w.cfg.Containers.Update(t.Context(), key, strip); err != nil {
		t.Fatal(err)
	}
	w.eventually("the finalizer", func() bool { return len(w.containers()[id(1)].Finalizers) == 1 })
	if _, err := w.cfg.Containers.Update(t.Context(), key, strip); err != nil {
		t.Fatal(err)
	}
	_ = w.cfg.Containers.Delete(t.Context(), key)
	w.awaitState(1, containers.StateRunning)
}

func TestTagThatMovesHasOneOwner(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	image := func(id string) engine.Key { return engine.Key{Kind: engine.KindImage, ID: id} }
	// Known images first: the tag goes from a to b, and only b is told of.
	f.setImages(map[string][]string{"sha256:a": {"busybox:latest"}, "sha256:b": {"other:1"}})
	f.tell(image("sha256:b"))
	w.eventually("b to own it", func() bool {
		return cmp.Equal(map[string]string{"busybox:latest": "sha256:a", "other:1": "sha256:b"}, w.images())
	})
	// A new image takes a's last tag, told by reference as after a pull.
	f.setImages(map[string][]string{"sha256:a": nil, "sha256:b": {"other:1"}, "sha256:c": {"busybox:latest"}})
	f.tell(image("busybox:latest"))
	w.eventually("a to dangle", func() bool {
		return cmp.Equal(map[string]string{"<none>sha256:a": "sha256:a", "busybox:latest": "sha256:c", "other:1": "sha256:b"}, w.images())
	})
	// Two known images change at once, one of them for good.
	f.setImages(map[string][]string{"sha256:b": {"other:1", "other:2"}, "sha256:c": {"busybox:latest"}})
	f.tell(image("sha256:a"), image("sha256:b"))
	w.eventually("b to have two", func() bool {
		return cmp.Equal(map[string]string{"busybox:latest": "sha256:c", "other:1": "sha256:b", "other:2": "sha256:b"}, w.images())
	})
}

func TestStuckContainerHoldsUpNobody(t *testing.T) {
	f := filled()
	f.setContainer(3, containers.StateCreated)
	w := withFake(t, f, never)
	w.eventually("details", func() bool { return w.containers()[id(3)].Status.Path != "" })
	release := make(chan struct{})
	f.set(func(f *fake) {
		for n := 1; n <= 3; n++ {
			f.stuck[id(n)] = release
		}
	})
	f.setContainer(1, containers.StateExited, func(s *containers.ContainerStatus) { s.ExitCode, s.Error = 9, "late" })
	f.setContainer(4, containers.StateRunning)
	f.tell(containerKey(1), containerKey(2), containerKey(3), containerKey(4))
	w.awaitState(4, containers.StateRunning)
	w.awaitState(1, containers.StateExited)
	if got := w.containers()[id(1)].Status; got.ExitCode != 9 || got.Error != "" || got.Pid != 0 || got.Path != "sleep" {
		t.Errorf("from the list: %+v", got)
	}
	f.set(func(f *fake) { clear(f.stuck); close(release) })
	w.eventually("what only an inspect tells", func() bool { return w.containers()[id(1)].Status.Error == "late" })
}

func TestBrokenThingIsSkippedAndTheOthersAreNot(t *testing.T) {
	f := filled()
	w := withFake(t, f, often)
	f.set(func(f *fake) {
		r := f.containers[id(1)]
		r.Err = errors.New("it makes no sense")
		f.containers[id(1)] = r
		f.containers["NOT A NAME"] = engine.ContainerRecord{ContainerStatus: containers.ContainerStatus{ID: "NOT A NAME", Name: "x", Status: containers.StateRunning}}
		v := f.volumes["data"]
		v.Err = errors.New("nor does this")
		f.volumes["data"] = v
		f.images = append(f.images, engine.ImageRecord{ImageStatus: containers.ImageStatus{ID: "sha256:z"}, Err: errors.New("or that")})
	})
	f.setContainer(2, containers.StateRunning)
	f.setVolume("more")
	f.tell(containerKey(1), containerKey(2))
	w.awaitState(2, containers.StateRunning)
	w.eventually("the new volume", func() bool { _, ok := w.volumes()["more"]; return ok })
	if _, ok := w.volumes()["data"]; !ok {
		t.Error("a volume that cannot be read is not one that is gone")
	}
	if w.containers()[id(1)].Status.Status != containers.StateRunning {
		t.Error("a container that cannot be read keeps its last state")
	}
}

func TestReconcilersFieldsStay(t *testing.T) {
	f := filled()
	w := withFake(t, f, never)
	deleting := metav1.Condition{Type: containers.ConditionDeleting, Status: metav1.ConditionFalse, Reason: containers.ReasonInUse, LastTransitionTime: metav1.Unix(1, 0)}
	action := &containers.LastAction{Action: containers.ActionStop, State: containers.ActionPending, ObservedAt: nowMicro()}
	if _, err := w.cfg.Containers.UpdateStatus(t.Context(), types.NamespacedName{Namespace: namespace, Name: id(1)}, func(c *containers.Container) error {
		c.Status.ObservedGeneration, c.Status.LastAction = 5, action
		c.Status.Conditions = append(c.Status.Conditions, deleting)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cfg.Volumes.UpdateStatus(t.Context(), types.NamespacedName{Namespace: namespace, Name: containers.VolumeName("data")}, func(v *containers.Volume) error {
		v.Status.Conditions = append(v.Status.Conditions, deleting)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	f.setContainer(1, containers.StateExited)
	f.set(func(f *fake) { v := f.volumes["data"]; v.Driver = "other"; f.volumes["data"] = v })
	f.tell(containerKey(1), engine.Key{Kind: engine.KindVolume, ID: "data"})
	w.awaitState(1, containers.StateExited)
	w.eventually("the volume", func() bool { return w.volumes()["data"].Status.Driver == "other" })
	got := w.containers()[id(1)].Status
	if got.ObservedGeneration != 5 || got.LastAction == nil || got.LastAction.State != containers.ActionPending ||
		condition.Get(got.Conditions, containers.ConditionDeleting).Reason != containers.ReasonInUse ||
		condition.Get(w.volumes()["data"].Status.Conditions, containers.ConditionDeleting).Reason != containers.ReasonInUse {
		t.Errorf("%+v", got)
	}
}

func TestTerminatingObjectIsLeftToItsReconcilerUntilTheThingIsGone(t *testing.T) {
	f := filled()
	w := withFake(t, f, often)
	key := types.NamespacedName{Namespace: namespace, Name: id(1)}
	if _, err := w.cfg.Containers.Update(t.Context(), key, func(c *containers.Container) error {
		c.Finalizers = []string{"someone.else/holds"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.cfg.Containers.Delete(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	f.setContainer(1, containers.StatePaused)
	f.tell(containerKey(1))
	w.awaitState(1, containers.StatePaused)
	lists := f.count("list containers")
	w.eventually("two more lists", func() bool { return f.count("list containers") >= lists+2 })
	if got := w.containers()[id(1)].Finalizers; !slices.Equal(got, []string{"someone.else/holds"}) {
		t.Errorf("finalizers of an object that is being deleted: %v", got)
	}
	second := types.NamespacedName{Namespace: namespace, Name: id(2)}
	if err := w.cfg.Containers.Delete(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if c := w.containers()[id(2)]; c.DeletionTimestamp.IsZero() {
		t.Errorf("our finalizer holds it: %+v", c.ObjectMeta)
	}
	f.set(func(f *fake) { delete(f.containers, id(2)) })
	f.tell(containerKey(2))
	w.eventually("the second to be let go", func() bool { _, ok := w.containers()[id(2)]; return !ok })
}

func TestForeignObjectsAreLeftAlone(t *testing.T) {
	f := filled()
	w := withFake(t, f, often)
	meta := metav1.ObjectMeta{Namespace: namespace, Name: "hand-made"}
	if _, err := w.cfg.Containers.Create(t.Context(), &containers.Container{ObjectMeta: meta}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cfg.Images.Create(t.Context(), &containers.Image{ObjectMeta: meta}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cfg.Volumes.Create(t.Context(), &containers.Volume{ObjectMeta: meta}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.cfg.Networks.Create(t.Context(), &containers.Network{ObjectMeta: meta}); err != nil {
		t.Fatal(err)
	}
	lists := f.count("list images")
	w.eventually("two more lists", func() bool { return f.count("list images") >= lists+2 })
	f.cut()
	w.eventually("a new connection", func() bool { return len(w.said()) > 3 })
	g := w.want(func(s *app.AppSpec) { s.Running = false })
	w.eventually("the stop", func() bool { c := w.ready(); return c.Reason == app.ReasonStopped && c.ObservedGeneration == g })
	key := types.NamespacedName{Namespace: namespace, Name: "hand-made"}
	_, cErr := w.cfg.Containers.Get(t.Context(), key)
	_, iErr := w.cfg.Images.Get(t.Context(), key)
	_, vErr := w.cfg.Volumes.Get(t.Context(), key)
	_, nErr := w.cfg.Networks.Get(t.Context(), key)
	if err := errors.Join(cErr, iErr, vErr, nErr); err != nil {
		t.Error(err)
	}
}

func TestBackOffNeverExceedsFiveSeconds(t *testing.T) {
	for watched, highest := range map[bool]time.Duration{true: time.Second, false: 5 * time.Second} {
		s := &session{cfg: Config{Watched: func() bool { return watched }}}
		seen := map[time.Duration]bool{}
		for failures := range 200 {
			d := s.backOff(failures)
			if d <= 0 || d > highest {
				t.Errorf("after %d failures: %v", failures, d)
			}
			seen[d] = true
		}
		if len(seen) < 100 {
			t.Error("there is no jitter")
		}
	}
}

func TestMessagesSayWhatHappenedAndWhatComesNext(t *testing.T) {
	s := state{}.connecting(false).lost(errors.New("no such file"), "unix:///x")
	if s.reason != app.ReasonConnectFailed || !strings.Contains(s.message, "unix:///x: no such file") || !strings.Contains(s.message, "keeps trying") {
		t.Errorf("%+v", s)
	}
	s = state{}.connecting(true).lost(errors.New("gone"), "unix:///x")
	if s.reason != app.ReasonReconnecting || !strings.Contains(s.message, "last known") {
		t.Errorf("%+v", s)
	}
}
