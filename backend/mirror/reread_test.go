package mirror

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// quietOnes are objects of the first n containers that do not run, the last of which does.
func quietOnes(n int) []*containers.Container {
	all := make([]*containers.Container, n)
	for i := range all {
		all[i] = &containers.Container{ObjectMeta: metav1.ObjectMeta{Name: id(i)}, Status: containers.ContainerStatus{Status: containers.StateExited}}
	}
	all[n-1].Status.Status = containers.StateRunning
	return all
}

// reads takes what a relist wants read in full, and has it read at at.
func (c *connection) reads(ctx context.Context, t *testing.T, quiet []*containers.Container, at time.Time) map[string]bool {
	t.Helper()
	c.rereadSome(quiet)
	got := map[string]bool{}
	for c.containers.pending() > 0 {
		batch, err := c.containers.next(ctx, later)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range batch {
			got[k.ID] = true
			c.read[k.ID] = at
		}
		c.containers.done(batch...)
	}
	return got
}

func TestRelistReadsTheOthersInTurn(t *testing.T) {
	const all = 5*rotated + 1
	quiet, began := quietOnes(all), time.Now()
	c := newConnection(&session{pace: defaultPace()}, nil)
	seen := map[string]bool{}
	for turn := range 5 {
		got := c.reads(t.Context(), t, quiet, began.Add(time.Duration(turn)*time.Minute))
		if len(got) != rotated {
			t.Fatalf("relist %d reads %d containers", turn, len(got))
		}
		for id := range got {
			seen[id] = true
		}
	}
	if len(seen) != all-1 || seen[id(all-1)] {
		t.Errorf("five relists have read %d of %d, and the running one: %v", len(seen), all-1, seen[id(all-1)])
	}
}

func TestRelistReadsFirstWhatHadAnEvent(t *testing.T) {
	quiet := quietOnes(1000)
	c := newConnection(&session{pace: defaultPace()}, nil)
	for _, obj := range quiet {
		c.read[obj.Name] = time.Unix(0, 0)
	}
	c.read[id(500)] = time.Now() // by its event, after which it failed to start
	c.hear(id(500))
	c.hear(id(999)) // runs
	if got := c.reads(t.Context(), t, quiet, time.Now()); !got[id(500)] || got[id(999)] || len(got) != rotated+1 {
		t.Errorf("%d are read, the failed one: %v, the running one: %v", len(got), got[id(500)], got[id(999)])
	}
	if got := c.reads(t.Context(), t, quiet, time.Now()); got[id(500)] || len(got) != rotated {
		t.Errorf("the next relist reads %d, the failed one again: %v", len(got), got[id(500)])
	}
	for _, obj := range quiet[:2*followed] {
		c.hear(obj.Name)
	}
	if got := c.reads(t.Context(), t, quiet, time.Now()); len(got) != followed+rotated || len(c.heard) != followed {
		t.Errorf("after a burst %d are read and %d are put off", len(got), len(c.heard))
	}
}

func TestStartThatFailedWithoutAnEventIsFoundAmongMany(t *testing.T) {
	f := newFake()
	for n := range 200 {
		f.setContainer(n, containers.StateCreated)
	}
	w := withFake(t, f, func(w *world) { w.mirror.pace.watched, w.mirror.pace.idle = 20*time.Millisecond, time.Hour })
	w.awaitQuiet(f)
	f.tell(containerKey(150))
	w.awaitQuiet(f)
	f.setContainer(150, containers.StateCreated, func(s *containers.ContainerStatus) { s.ExitCode, s.Error = 127, "no such program" })
	w.watched.Store(true)
	w.eventually("the error", func() bool {
		s := w.containers()[id(150)].Status
		return s.ExitCode == 127 && s.Error == "no such program"
	})
}
