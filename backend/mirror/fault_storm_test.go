package mirror

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// Wishes come twice, and while others are being carried out; and the storm also takes a part of the events away.
func TestStormOfStartsStopsAndDeletesEndsInAgreement(t *testing.T) {
	d, p, w := proxied(t, often)
	c, err := engine.Dial(d.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ids := make([]string, 6)
	for i := range ids {
		ids[i] = d.Docker(t, "create", "--network", "none", "--name", fmt.Sprintf("storm-%d", i), "-v", "/data", "--stop-signal", "KILL", enginetest.Image, "sleep", "1000")
	}
	w.agrees(d)
	p.DropEvents(0.3, 7)
	var all sync.WaitGroup
	for worker := range 4 {
		dice := rand.New(rand.NewPCG(1, uint64(worker))) //nolint:gosec // the same storm each time
		all.Go(func() {
			for range 12 {
				id := ids[dice.IntN(len(ids))]
				act := []func(context.Context, string) error{
					c.StartContainer, c.StopContainer, c.KillContainer, c.PauseContainer, c.UnpauseContainer, c.RestartContainer,
				}[dice.IntN(6)]
				var twice sync.WaitGroup
				for range 2 {
					twice.Go(func() { _ = act(t.Context(), id) }) // which may well be refused
				}
				twice.Wait()
			}
		})
	}
	all.Wait()
	w.agrees(d)
	for _, id := range ids[:4] {
		for range 2 {
			all.Go(func() { _ = c.RemoveContainer(t.Context(), id) })
		}
		all.Go(func() { _ = c.StartContainer(t.Context(), id) })
		all.Go(func() { _, _ = d.TryDocker(t, "rename", id, "other-"+id[:6]) })
	}
	all.Wait()
	w.agrees(d)
	for _, id := range ids[:4] {
		_, _ = d.TryDocker(t, "rm", "-f", id) // an engine may refuse to remove what it is about to start
	}
	w.agrees(d)
	if got := len(w.containers()); got != 2 {
		t.Errorf("%d containers are left", got)
	}
}

func TestLostEventsAreRepairedByTheNextList(t *testing.T) {
	d, p, w := proxied(t, often)
	for seed := range uint64(3) {
		p.DropEvents(0.1+0.1*float64(seed), seed)
		for i := range 6 {
			name := fmt.Sprintf("lost-%d-%d", seed, i)
			d.Docker(t, "run", "-d", "--network", "none", "--name", name, "-v", name+":/v", enginetest.Image, "true")
			d.Docker(t, "tag", enginetest.Image, name+":1")
			if i%2 == 0 {
				d.Docker(t, "rm", "-f", name)
				d.Docker(t, "volume", "rm", name)
				d.Docker(t, "rmi", name+":1")
			}
		}
		w.agrees(d)
	}
	p.DropEvents(1, 1)
	id := d.Docker(t, "create", "--network", "none", enginetest.Image, "true")
	d.Docker(t, "network", "create", "--internal", "--subnet", "10.213.31.0/24", "unheard")
	w.agrees(d)
	d.Docker(t, "rm", id)
	d.Docker(t, "network", "rm", "unheard")
	w.agrees(d)
}

func TestHundredShortLivesLeaveNothing(t *testing.T) {
	d, p, w := proxied(t)
	const workers, each = 4, 25
	var all sync.WaitGroup
	for n := range workers {
		all.Go(func() {
			for i := range each {
				if out, err := d.TryDocker(t, "run", "--rm", "--network", "none", "--name", fmt.Sprintf("short-%d-%d", n, i), enginetest.Image, "true"); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			}
		})
	}
	all.Wait()
	w.agrees(d)
	if left := w.containers(); len(left) != 0 {
		t.Errorf("left: %v", uids(left))
	}
	if p.Calls("^/events$") != 1 {
		t.Error("the connection was lost")
	}
}

func TestUntaggedBuildAndCommitAreSeen(t *testing.T) {
	d, _, w := proxied(t, often)
	dangling := func() (n int) {
		for tag := range w.images() {
			if strings.HasPrefix(tag, "<none>") {
				n++
			}
		}
		return n
	}
	id := d.Docker(t, "create", "--network", "none", enginetest.Image, "true")
	for n := range 2 {
		d.Docker(t, "commit", "--change", fmt.Sprintf("LABEL n=%d", n), id)
		w.agrees(d)
	}
	if n := dangling(); n != 2 {
		t.Errorf("%d images without a tag after two commits", n)
	}
	d.Build(t, "FROM "+enginetest.Image+"\nLABEL built=untagged\n") // of which engines before API 1.46 tell nothing
	w.eventually("the build", func() bool { return dangling() == 3 })
	w.agrees(d)
}

func TestUntagThatNamesNoTagIsSeen(t *testing.T) {
	d, _, w := proxied(t)
	d.Import(t, "one:1", "LABEL a=b")
	for _, tag := range []string{"one:2", "two:1", "host.example:5000/three:1"} {
		d.Docker(t, "tag", "one:1", tag)
	}
	w.agrees(d)
	for _, tag := range []string{"one:1", "host.example:5000/three:1", "two:1", "one:2"} {
		d.Docker(t, "rmi", tag)
		w.agrees(d)
		if _, ok := w.images()[tag]; ok {
			t.Errorf("%s is still there", tag)
		}
	}
	d.Import(t, "used:1", "LABEL a=c")
	d.Docker(t, "create", "--network", "none", "used:1", "true")
	d.Docker(t, "rmi", "-f", "used:1")
	w.agrees(d)
}

func TestLabelsThatCallThemselvesAttributesAreNotBelieved(t *testing.T) {
	d, _, w := proxied(t)
	other := d.Docker(t, "create", "--network", "none", "--name", "other", enginetest.Image, "true")
	id := d.Docker(t, "run", "-d", "--network", "none", "--name", "honest", "--label", "exitCode=77", "--label", "name=liar", "--label", "image=liar:1",
		"--label", "container="+other, "--label", "imageID=sha256:0", enginetest.Image, "true")
	w.eventually("the end", func() bool { return w.containers()[id].Status.Status == containers.StateExited })
	if s := w.containers()[id].Status; s.ExitCode != 0 || s.Name != "honest" || s.Image != enginetest.Image {
		t.Errorf("%+v", s)
	}
	d.Docker(t, "commit", id) // whose event names the image in an attribute
	w.agrees(d)
}

func TestStartThatFailsIsSeenWithoutItsEvents(t *testing.T) {
	d, p, w := proxied(t, often)
	p.DropEvents(1, 1)
	id := d.Docker(t, "create", "--network", "none", enginetest.Image, "no-such-program")
	w.agrees(d)
	_, _ = d.TryDocker(t, "start", id)
	w.eventually("the error", func() bool {
		s := w.containers()[id].Status
		return s.Status == containers.StateCreated && s.ExitCode == 127 && strings.Contains(s.Error, "no-such-program")
	})
	w.agrees(d)
}

func TestContainerThatIsGoneAfterItsEventIsNoError(t *testing.T) {
	f := someContainers(t)
	w := lied(t, f, often)
	gone := enginetest.FakeID(1)
	heal := f.Inject(enginetest.Fault{Path: regexp.MustCompile("^/containers/" + gone + "/json$"), Status: 404})
	f.Tell("container", "die", gone)
	w.eventually("the row to go", func() bool { _, ok := w.containers()[gone]; return !ok })
	heal()
	w.agrees(f) // and as it was not true, the next list brings it back
}
