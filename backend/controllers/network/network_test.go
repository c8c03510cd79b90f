package network_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/apitest"
	"github.com/berth-desktop/berth/backend/controllers/internal/mirrored"
	"github.com/berth-desktop/berth/backend/controllers/network"
	"github.com/berth-desktop/berth/backend/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// docker is an engine that has the network "n".
type docker struct {
	mu    sync.Mutex // guards what follows
	fail  error
	away  error
	calls []string
}

func (d *docker) RemoveNetwork(_ context.Context, id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls = append(d.calls, id)
	if d.fail == nil && id != "n" {
		return fmt.Errorf("remove network %s: %w", id, engine.ErrNotFound)
	}
	return d.fail
}

type world struct {
	t          *testing.T
	networks   store.Store[containers.Network, *containers.Network]
	containers store.Store[containers.Container, *containers.Container]
	docker     *docker
	loop       *network.Reconciler
}

func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	api := apitest.New(t) // outside: the libraries keep goroutines for ever
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, networks: api.Networks(), containers: api.Containers(), docker: &docker{}}
		w.loop = network.New(network.Config{
			Objects: w.networks, Containers: w.containers,
			Locate: func(context.Context, string) (network.Engine, error) {
				w.docker.mu.Lock()
				defer w.docker.mu.Unlock()
				return w.docker, w.docker.away
			},
			Log: apitest.Log(t),
		})
		apitest.Run(t, w.loop.Run)
		test(w)
	})
}

func (w *world) set(change func(d *docker)) {
	w.docker.mu.Lock()
	defer w.docker.mu.Unlock()
	change(w.docker)
}

// deleted mirrors a network with these members, deletes the object, and says whether it is gone once nothing is left
// to do.
func (w *world) deleted(id string, members ...containers.NetworkMember) bool {
	w.t.Helper()
	n := &containers.Network{
		ObjectMeta: metav1.ObjectMeta{Name: "x" + id, Namespace: apitest.Namespace, Finalizers: []string{containers.Finalizer}},
		Status:     containers.NetworkStatus{ID: id, Name: "shop", Members: members},
	}
	if _, err := w.networks.Create(w.t.Context(), n); err != nil {
		w.t.Fatal(err)
	}
	if err := w.networks.Delete(w.t.Context(), apitest.Key(n.Name)); err != nil {
		w.t.Fatal(err)
	}
	return w.gone(id)
}

func (w *world) gone(id string) bool {
	synctest.Wait()
	_, err := w.networks.Get(w.t.Context(), apitest.Key("x"+id))
	return err != nil
}

func (w *world) members(id string, members ...containers.NetworkMember) {
	w.t.Helper()
	_, err := w.networks.UpdateStatus(w.t.Context(), apitest.Key("x"+id), func(n *containers.Network) error {
		n.Status.Members = members
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) called(want ...string) {
	w.t.Helper()
	synctest.Wait()
	w.set(func(d *docker) {
		if diff := cmp.Diff(want, d.calls, cmpopts.EquateEmpty()); diff != "" {
			w.t.Errorf("networks removed (-want +got):\n%s", diff)
		}
		d.calls = nil
	})
}

func (w *world) delayed(id, reason, message string) {
	w.t.Helper()
	n, err := w.networks.Get(w.t.Context(), apitest.Key("x"+id))
	if err != nil {
		w.t.Fatal(err)
	}
	c := condition.Get(n.Status.Conditions, containers.ConditionDeleting)
	if c.Status != metav1.ConditionFalse || c.Reason != reason || c.Message != message {
		w.t.Errorf("Deleting is %s/%s %q, want False/%s %q", c.Status, c.Reason, c.Message, reason, message)
	}
}

func TestDeleteRemovesTheNetwork(t *testing.T) {
	tests := map[string]struct {
		id   string
		want []string
	}{
		"there":                {"n", []string{"n"}},
		"gone from the engine": {"other", []string{"other"}},
		"bare, never mirrored": {"", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				if !w.deleted(tt.id) {
					t.Error("the object is still there")
				}
				w.called(tt.want...)
			})
		})
	}
}

func TestNetworkInUseNamesItsUsersAndGoesWithTheLast(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set(func(d *docker) { d.fail = fmt.Errorf("has active endpoints: %w", engine.ErrConflict) })
		for name, state := range map[string]containers.State{"web": containers.StateRunning, "db": containers.StatePaused, "old": containers.StateExited} {
			c := &containers.Container{
				ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: apitest.Namespace},
				Status: containers.ContainerStatus{
					ID: name, Name: name, Status: state, Networks: []containers.NetworkAttachment{{Name: "shop", NetworkID: "n"}},
				},
			}
			if _, err := w.containers.Create(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if w.deleted("n", containers.NetworkMember{ID: "web"}, containers.NetworkMember{ID: "db"}) {
			t.Fatal("the object is gone, and its network in use")
		}
		w.called("n")
		w.delayed("n", containers.ReasonInUse, "In use by containers db, web. It is deleted as soon as it is free.")
		w.members("n", containers.NetworkMember{ID: "web"})
		w.called() // one is left
		w.set(func(d *docker) { d.fail = nil })
		w.members("n") // the last has stopped, and its container is still there
		w.called("n")
		if !w.gone("n") {
			t.Error("the object is still there")
		}
	})
}

func TestNetworkThatTheEngineKeepsSaysSo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set(func(d *docker) { d.fail = fmt.Errorf("bridge is a pre-defined network and cannot be removed") })
		w.deleted("n")
		w.delayed("n", containers.ReasonRefused, "Bridge is a pre-defined network and cannot be removed")
		w.called("n") // and it is not asked again because of our own words
	})
}

func TestDeleteWaitsForTheEngine(t *testing.T) {
	inWorld(t, func(w *world) {
		w.set(func(d *docker) { d.away = mirrored.Away("Away.") })
		w.deleted("n")
		w.called()
		w.delayed("n", containers.ReasonEngineAway, "Away.")
		w.set(func(d *docker) { d.away = nil })
		w.loop.Retry()
		w.called("n")
		if !w.gone("n") {
			t.Error("the object is still there")
		}
	})
}
