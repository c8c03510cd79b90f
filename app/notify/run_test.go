package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/berth-desktop/berth/app/notify"
	"github.com/berth-desktop/berth/backend/paths"
)

// screen is a desktop that hands over what it is to show.
type screen struct {
	clicks chan string
	shown  chan notify.Notice
}

func (s screen) Show(_ context.Context, n notify.Notice) error {
	s.shown <- n
	return nil
}

func (s screen) Clicks() <-chan string { return s.clicks }

// Who clicks and sees nothing happen does not read a log.
func TestANoticeWhosePageDoesNotOpenSaysWhy(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	s := screen{clicks: make(chan string), shown: make(chan notify.Notice)}
	ended := make(chan error)
	go func() {
		ended <- notify.Run(ctx, notify.Config{
			Paths: paths.Paths{State: t.TempDir(), Runtime: t.TempDir(), Data: t.TempDir()}, Desktop: s,
			Open: func(context.Context, string) error { return errors.New("no WebKit is installed") },
			Log:  slog.New(slog.DiscardHandler),
		})
	}()
	s.clicks <- "berth://diagnostics"
	want := notify.Notice{
		Cause: "window", Title: "Berth’s window could not be opened", Body: "no WebKit is installed", Link: "berth://diagnostics", Urgent: true,
	}
	if diff := cmp.Diff(want, <-s.shown); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
