package backend_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-desktop/berth/backend"
	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/condition"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// daemon runs one in this process, in folders of its own, until end is called.
func daemon(t *testing.T, home string) (c *client.Client, end func()) {
	t.Helper()
	vars := map[string]string{paths.EnvHome: home, "DOCKER_CONFIG": filepath.Join(home, "docker"), "HOME": home}
	getenv := func(k string) string { return vars[k] }
	p, err := paths.FromEnvironment(getenv)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- backend.Run(ctx, backend.Config{
			Paths: p, Version: "test", Assets: fstest.MapFS{"index.html": {}}, Getenv: getenv, Log: slog.New(slog.DiscardHandler),
		})
	}()
	waited := false
	end = func() {
		cancel()
		if !waited {
			waited = true
			if err := <-ended; err != nil {
				t.Errorf("Run() = %v", err)
			}
		}
	}
	t.Cleanup(end)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); ; <-tick.C {
		if c, err = client.Connect(t.Context(), client.Options{Paths: p, Log: slog.New(slog.DiscardHandler)}); err == nil {
			t.Cleanup(c.Close)
			return c, end
		}
		if time.Now().After(deadline) {
			t.Fatalf("the daemon does not answer: %v", err)
		}
	}
}

func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bb") //nolint:usetesting // a socket needs a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A face that watches sees the engine stop before the stream ends: "stopped" is observed, not guessed.
func TestTheEndOfTheDaemonCanBeWatched(t *testing.T) {
	c, end := daemon(t, shortTemp(t))
	app, err := c.SetRunning(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.WaitSettled(t.Context(), app.Generation, nil); err != nil {
		t.Fatal(err)
	}
	var seen []string
	var last *appv1.App
	begun, watched := make(chan struct{}), make(chan error, 1)
	go func() {
		for e, err := range c.Apps().Watch(t.Context(), appv1.AppName) {
			if err != nil {
				watched <- err
				return
			}
			if e.Type == watch.Bookmark {
				continue
			}
			running := condition.Get(e.Object.Status.Conditions, appv1.ConditionRunning)
			if now := string(running.Status) + "/" + running.Reason; len(seen) == 0 || seen[len(seen)-1] != now {
				seen = append(seen, now)
			}
			if last == nil {
				close(begun)
			}
			last = e.Object
		}
		watched <- nil
	}()
	<-begun
	end()
	if err := <-watched; err != nil && !errors.Is(err, client.ErrUnreachable) && !errors.Is(err, context.Canceled) {
		t.Logf("the watch ended with %v", err)
	}
	if diff := cmp.Diff([]string{"True/Started", "True/Stopping", "False/Stopped"}, seen); diff != "" {
		t.Errorf("what a watch saw of Running (-want +got):\n%s", diff)
	}
	if ready := condition.Get(last.Status.Conditions, appv1.ConditionContainerEngineReady); ready.Status != metav1.ConditionFalse || ready.Reason != appv1.ReasonStopped {
		t.Errorf("at the end the mirror says %s/%s", ready.Status, ready.Reason)
	}
	if !last.Spec.Running {
		t.Error("the user's wish is gone: the next daemon would not start the engine")
	}
}
