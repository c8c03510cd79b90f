package observed_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/internal/observed"
)

func TestWatchTellsThePresentThenChangesAndASlowOneTheNewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s observed.State
		s.Seed(vm.State{Phase: vm.Stopped})
		s.Seed(vm.State{Phase: vm.Running}) // somebody has looked already
		ctx, cancel := context.WithCancel(t.Context())
		var seen []vm.Phase
		slow := make(chan struct{})
		ended := make(chan error, 1)
		go func() {
			ended <- s.Watch(ctx, func(now vm.State) {
				seen = append(seen, now.Phase)
				if now.Phase == vm.Starting {
					<-slow
				}
			})
		}()
		synctest.Wait()
		s.Set(vm.State{Phase: vm.Starting})
		synctest.Wait()
		s.Set(vm.State{Phase: vm.Running})
		s.Set(vm.State{Phase: vm.Crashed})
		close(slow)
		synctest.Wait()
		s.Set(vm.State{Phase: vm.Crashed}) // no change
		synctest.Wait()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch returned %v", err)
		}
		want := []vm.Phase{vm.Stopped, vm.Starting, vm.Crashed}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("phases (-want +got):\n%s", diff)
		}
	})
}
