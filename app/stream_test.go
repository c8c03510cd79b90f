package app

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

type batch struct {
	At    time.Duration
	Lines []string
}

// carry runs a stream whose daemon does what tell does, and gives what the page heard and when.
func carry(t *testing.T, acks bool, tell func(w *io.PipeWriter)) (heard []batch, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		var s *stream
		s = newStream("a", cancel, func(_ string, data ...any) {
			lines, _ := data[0].([]string)
			heard = append(heard, batch{time.Since(begun), lines})
			if acks {
				s.ack(1)
			}
		})
		r, w := io.Pipe()
		told := make(chan struct{})
		go func() {
			defer close(told)
			tell(w)
		}()
		err = s.carry(ctx, r)
		<-told
	})
	return heard, err
}

func say(w io.Writer, lines ...string) {
	_, _ = io.WriteString(w, strings.Join(lines, "\n")+"\n")
}

func TestALoneLineIsNotHeldBack(t *testing.T) {
	heard, err := carry(t, true, func(w *io.PipeWriter) {
		<-time.After(100 * time.Millisecond)
		say(w, "lone")
		<-time.After(time.Second)
		_ = w.Close()
	})
	if diff := cmp.Diff([]batch{{100 * time.Millisecond, []string{"lone"}}}, heard); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestLinesOfOneFrameComeTogether(t *testing.T) {
	heard, err := carry(t, true, func(w *io.PipeWriter) {
		for _, line := range []string{"0", "5", "10", "15", "20"} {
			say(w, line)
			<-time.After(5 * time.Millisecond)
		}
		<-time.After(time.Second)
		_ = w.Close()
	})
	want := []batch{{0, []string{"0"}}, {frame, []string{"5", "10", "15"}}, {2 * frame, []string{"20"}}}
	if diff := cmp.Diff(want, heard); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestAFullBatchDoesNotWaitForTheFrame(t *testing.T) {
	long := strings.Repeat("x", batchBytes)
	heard, err := carry(t, true, func(w *io.PipeWriter) {
		for range 5 {
			say(w, long)
		}
		_ = w.Close()
	})
	if len(heard) != 5 || err != nil {
		t.Fatalf("got %d batches, %v", len(heard), err)
	}
	if at := heard[4].At; at != 0 {
		t.Errorf("the fifth came after %v", at)
	}
}

func TestAPageThatIsGoneIsGivenUp(t *testing.T) {
	heard, err := carry(t, false, func(w *io.PipeWriter) {
		for {
			if _, err := io.WriteString(w, "x\n"); err != nil {
				return
			}
			<-time.After(time.Second)
		}
	})
	if len(heard) != inFlight || !errors.Is(err, errStalled) {
		t.Errorf("got %d batches and %v", len(heard), err)
	}
}

func TestALineThatIsTooLongEndsTheStream(t *testing.T) {
	_, err := carry(t, true, func(w *io.PipeWriter) {
		_, _ = io.WriteString(w, strings.Repeat("x", maxLine+1))
	})
	if !errors.Is(err, errLine) {
		t.Errorf("got %v", err)
	}
}

func TestWhatCameBeforeACutIsStillHeard(t *testing.T) {
	cut := errors.New("cut")
	heard, err := carry(t, true, func(w *io.PipeWriter) {
		say(w, "one", "two")
		_ = w.CloseWithError(cut)
	})
	if diff := cmp.Diff([]batch{{0, []string{"one", "two"}}}, heard); diff != "" || !errors.Is(err, cut) {
		t.Error(diff, err)
	}
}
