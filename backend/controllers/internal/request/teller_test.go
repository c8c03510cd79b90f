package request

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgressIsToldAtMostOnceABeatAndTheLastIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tell := teller[*int]{fresh: make(chan struct{}, 1)}
		var heard []int
		quiet, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			tell.run(quiet, func(change func(*int)) {
				n := 0
				change(&n)
				heard = append(heard, n)
			})
		}()
		for i := range 100 { // within a second
			tell.tell(func(n *int) { *n = i })
			<-time.After(10 * time.Millisecond)
		}
		<-time.After(time.Minute) // nothing more comes
		close(quiet)
		<-ended
		if len(heard) > 6 || len(heard) < 4 {
			t.Errorf("it told %d times in a second: %v", len(heard), heard)
		}
		if diff := cmp.Diff(99, heard[len(heard)-1]); diff != "" {
			t.Errorf("the last is lost: %s", diff)
		}
	})
}
