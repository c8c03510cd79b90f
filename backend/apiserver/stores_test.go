package apiserver_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/apiserver"
)

type containerStore = store.Store[containers.Container, *containers.Container]

// build makes a server that is not run: its stores need no doors.
func build(t testing.TB, h home) *apiserver.Server {
	t.Helper()
	s, err := apiserver.New(h.config())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func created(t testing.TB, s containerStore, c *containers.Container) *containers.Container {
	t.Helper()
	out, err := s.Create(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCreateKeepsStatusAndFinalizersAndFillsInDefaults(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	given := container("a")
	before := given.DeepCopy()
	got := created(t, s, given)
	if diff := cmp.Diff(before, given); diff != "" {
		t.Errorf("what was given changed:\n%s", diff)
	}
	if got.UID == "" || got.CreationTimestamp.IsZero() || got.Generation != 1 || got.Spec.State != containers.DesiredUnknown {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(given.Status, got.Status); diff != "" {
		t.Errorf("status:\n%s", diff)
	}
	if diff := cmp.Diff([]string{containers.Finalizer}, got.Finalizers); diff != "" {
		t.Errorf("finalizers:\n%s", diff)
	}
	if _, err := s.Create(t.Context(), given); !apierrors.IsAlreadyExists(err) {
		t.Errorf("once more: got %v", err)
	}
}

func TestUpdateChangesMetadataAndSpecOnly(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	was := created(t, s, container("a"))
	got, err := s.Update(t.Context(), key("a"), func(c *containers.Container) error {
		c.Labels = map[string]string{"a": "b"}
		c.Status.Name = "another"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Labels["a"] != "b" || got.Status.Name != was.Status.Name || got.Generation != 1 || got.ResourceVersion == was.ResourceVersion {
		t.Errorf("after a label: %+v", got)
	}
	got, err = s.Update(t.Context(), key("a"), func(c *containers.Container) error {
		c.Spec.State = containers.DesiredRunning
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Spec.State != containers.DesiredRunning || got.Generation != 2 {
		t.Errorf("after a wish: %+v", got)
	}
}

func TestUpdateStatusChangesStatusOnly(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	was := created(t, s, container("a"))
	got, err := s.UpdateStatus(t.Context(), key("a"), func(c *containers.Container) error {
		c.Status.Status = containers.StateExited
		c.Spec.State = containers.DesiredRunning
		c.Labels = map[string]string{"a": "b"}
		c.Finalizers = nil
		c.Generation = 7
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := was.DeepCopy()
	want.Status.Status, want.ResourceVersion = containers.StateExited, got.ResourceVersion
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.ResourceVersion == was.ResourceVersion {
		t.Error("it was not written")
	}
}

func TestUnchangedObjectIsNotWritten(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	was := created(t, s, container("a"))
	same := func(c *containers.Container) error {
		c.Status.Args = []string{} // as good as nil
		return nil
	}
	for name, update := range map[string]func(context.Context) (*containers.Container, error){
		"metadata and spec": func(ctx context.Context) (*containers.Container, error) { return s.Update(ctx, key("a"), same) },
		"status":            func(ctx context.Context) (*containers.Container, error) { return s.UpdateStatus(ctx, key("a"), same) },
		"a forged version": func(ctx context.Context) (*containers.Container, error) {
			return s.Update(ctx, key("a"), func(c *containers.Container) error {
				c.ResourceVersion = "1"
				return nil
			})
		},
	} {
		got, err := update(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got.ResourceVersion != was.ResourceVersion {
			t.Errorf("%s: version %s became %s", name, was.ResourceVersion, got.ResourceVersion)
		}
	}
}

func TestErrorOfChangeComesBackAsItIs(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	was := created(t, s, container("a"))
	for name, want := range map[string]error{
		"one of ours":     errors.New("leave it"),
		"one of the API":  apierrors.NewNotFound(containers.Resource("images"), "x"),
		"a context's end": context.Canceled,
	} {
		fail := func(c *containers.Container) error {
			c.Labels = map[string]string{"a": "b"}
			c.Status.Name = "another"
			return want
		}
		if _, err := s.Update(t.Context(), key("a"), fail); err != want { //nolint:errorlint // it is to be the very one
			t.Errorf("%s: update gave %v", name, err)
		}
		if _, err := s.UpdateStatus(t.Context(), key("a"), fail); err != want { //nolint:errorlint // it is to be the very one
			t.Errorf("%s: update of status gave %v", name, err)
		}
	}
	if got, err := s.Get(t.Context(), key("a")); err != nil || got.ResourceVersion != was.ResourceVersion {
		t.Errorf("it was written: %v, %v", got, err)
	}
}

func TestWritersThatMeetSeeNoConflict(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	created(t, s, container("a"))
	const writers, each = 4, 50
	var group sync.WaitGroup
	for i := range writers {
		label := strconv.Itoa(i)
		group.Go(func() {
			for range each {
				_, err := s.UpdateStatus(t.Context(), key("a"), func(c *containers.Container) error {
					c.Status.RestartCount++
					return nil
				})
				if err != nil {
					t.Error(err)
				}
				_, err = s.Update(t.Context(), key("a"), func(c *containers.Container) error {
					n, _ := strconv.Atoi(c.Annotations[label])
					metav1.SetMetaDataAnnotation(&c.ObjectMeta, label, strconv.Itoa(n+1))
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	got, err := s.Get(t.Context(), key("a"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Status.RestartCount != writers*each {
		t.Errorf("%d of %d writes of status are there", got.Status.RestartCount, writers*each)
	}
	for i := range writers {
		if n := got.Annotations[strconv.Itoa(i)]; n != strconv.Itoa(each) {
			t.Errorf("%s of %d writes of writer %d are there", n, each, i)
		}
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	change := func(*containers.Container) error { return errors.New("it was asked to change nothing") }
	_, get := s.Get(t.Context(), key("a"))
	_, update := s.Update(t.Context(), key("a"), change)
	_, status := s.UpdateStatus(t.Context(), key("a"), change)
	for _, err := range []error{get, update, status, s.Delete(t.Context(), key("a"))} {
		if !apierrors.IsNotFound(err) {
			t.Errorf("got %v", err)
		}
	}
}

func TestDeleteWaitsForTheFinalizer(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	created(t, s, container("a"))
	if err := s.Delete(t.Context(), key("a")); err != nil {
		t.Fatal(err)
	}
	got, err := s.UpdateStatus(t.Context(), key("a"), func(c *containers.Container) error {
		c.Status.Status = containers.StateRemoving
		return nil
	})
	if err != nil || got.DeletionTimestamp == nil || got.Status.Status != containers.StateRemoving {
		t.Fatalf("status of what is being deleted: %v, %v", got, err)
	}
	if err := s.Delete(t.Context(), key("a")); err != nil {
		t.Errorf("once more: %v", err)
	}
	_, err = s.Update(t.Context(), key("a"), func(c *containers.Container) error {
		c.Finalizers = nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), key("a")); !apierrors.IsNotFound(err) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestListIsOfOneNamespaceOrOfAll(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	created(t, s, container("a"))
	elsewhere := container("b")
	elsewhere.Namespace = "elsewhere"
	created(t, s, elsewhere)
	for namespace, want := range map[string]int{"": 2, "elsewhere": 1, "nowhere": 0} {
		got, err := s.List(t.Context(), namespace)
		if err != nil || len(got) != want {
			t.Errorf("%q: got %d, %v, want %d", namespace, len(got), err, want)
		}
	}
}

func TestWatchGivesWhatIsThereThenOneBookmarkThenChanges(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	created(t, s, container("a"))
	ctx, cancel := context.WithCancel(t.Context())
	w, err := s.Watch(ctx, app.DefaultNamespace)
	if err != nil {
		t.Fatal(err)
	}
	step := func(want watch.EventType) *containers.Container {
		t.Helper()
		e := <-w.ResultChan()
		if e.Type != want {
			t.Fatalf("got %v, want %s", e, want)
		}
		return e.Object.(*containers.Container)
	}
	first := step(watch.Added)
	first.Status.Labels = map[string]string{"mine": "to change"}
	step(watch.Bookmark)
	if _, err := s.UpdateStatus(ctx, key("a"), func(c *containers.Container) error { c.Status.Pid = 7; return nil }); err != nil {
		t.Fatal(err)
	}
	if got := step(watch.Modified); got.Status.Pid != 7 || got.Status.Labels != nil {
		t.Errorf("got %+v", got.Status)
	}
	if _, err := s.Update(ctx, key("a"), func(c *containers.Container) error { c.Finalizers = nil; return nil }); err != nil {
		t.Fatal(err)
	}
	step(watch.Modified)
	if err := s.Delete(ctx, key("a")); err != nil {
		t.Fatal(err)
	}
	step(watch.Deleted)
	cancel()
	if e, open := <-w.ResultChan(); open {
		t.Errorf("after the end came %v", e)
	}
}

func TestWatchThatNobodyReadsLeavesNothingBehind(t *testing.T) {
	s := build(t, newHome(t)).Containers()
	created(t, s, container("a"))
	if _, err := s.Watch(t.Context(), ""); err != nil { // ends with the test's context; TestMain looks for leaks
		t.Fatal(err)
	}
	w, err := s.Watch(context.WithoutCancel(t.Context()), "")
	if err != nil {
		t.Fatal(err)
	}
	w.Stop()
}

func TestDefaultsThatTheDaemonLeftOpenAreNoNewWish(t *testing.T) {
	s := start(t, newHome(t))
	created(t, s.Containers(), container("a"))
	code, body := call(t, s.faces(t), http.MethodPatch, "http://berth"+containersPath+"/a",
		`{"metadata":{"annotations":{"containers.berth.desktop/action":"stop"}}}`, "Content-Type", "application/merge-patch+json")
	if got := decode[containers.Container](t, body); code != http.StatusOK || got.Generation != 1 {
		t.Errorf("got %d %s", code, body)
	}
}

func TestAppOutlivesTheServerAndMirrorsDoNot(t *testing.T) {
	h := newHome(t)
	s := start(t, h)
	if _, err := s.Apps().Create(t.Context(), theApp()); err != nil {
		t.Fatal(err)
	}
	created(t, s.Containers(), container("a"))
	wished, err := s.Apps().Update(t.Context(), appKey, func(a *app.App) error { a.Spec.Running = true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	// The last words of a daemon that ends are written after its doors are closed.
	was, err := s.Apps().UpdateStatus(t.Context(), appKey, func(a *app.App) error {
		a.Status.Failure = &app.FailureStatus{Message: "the last words", At: metav1.Now()}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	next := start(t, h)
	got, err := next.Apps().Get(t.Context(), appKey)
	if err != nil {
		t.Fatal(err)
	}
	if got.ResourceVersion == was.ResourceVersion {
		t.Error("an old version is taken for a new one")
	}
	was.ResourceVersion = got.ResourceVersion
	if diff := cmp.Diff(was, got); diff != "" || got.UID != wished.UID || got.Generation != 2 {
		t.Errorf("(-before +after)\n%s", diff)
	}
	if left, err := next.Containers().List(t.Context(), ""); err != nil || len(left) != 0 {
		t.Errorf("mirrored objects are there: %v, %v", left, err)
	}
}
