package mirror

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/backend/engine"
)

// Containers come and go, and swap names and images, in any order. Who uses an image is at all times what the
// containers themselves say.
func TestUsersAreWhatTheContainersSay(t *testing.T) {
	const steps, ids, few = 2000, 12, 4
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // any order does, if it is the same each time
	x, now := newUses(), map[string]use{}
	for step := range steps {
		id := fmt.Sprint(random.IntN(ids))
		if random.IntN(few) == 0 {
			x.drop(id)
			delete(now, id)
		} else {
			now[id] = use{name: fmt.Sprint("n", random.IntN(ids)), image: fmt.Sprint("i", random.IntN(few))}
			x.set(id, now[id])
		}
		for n := range few {
			image := fmt.Sprint("i", n)
			var want []string
			for _, u := range now {
				if u.image == image {
					want = append(want, u.name)
				}
			}
			slices.Sort(want)
			if diff := cmp.Diff(slices.Compact(want), x.names(engine.KindImage, image)); diff != "" {
				t.Fatalf("step %d, image %s: (-want +got)\n%s", step, image, diff)
			}
		}
	}
}

func TestUsersThatAreHandedOutStayAsTheyWere(t *testing.T) {
	x := newUses()
	x.set("1", use{name: "a", image: "i"})
	x.set("2", use{name: "b", image: "i"})
	got := x.names(engine.KindImage, "i")
	x.set("1", use{name: "c", image: "i"})
	x.drop("2")
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
