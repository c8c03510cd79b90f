package activity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newConfig(t *testing.T, file string) Config {
	t.Helper()
	dir := t.TempDir()
	api, err := apiserver.New(apiserver.Config{
		Objects: filepath.Join(dir, "objects"), Kubeconfig: filepath.Join(dir, "kubeconfig"), Socket: filepath.Join(dir, "s"),
		Address: "127.0.0.1:0", Namespace: "berth", Version: "test", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Activities: api.Activities(), Apps: api.Apps(), Containers: api.Containers(), Images: api.Images(), Volumes: api.Volumes(),
		Networks: api.Networks(), File: file, Log: slog.New(slog.DiscardHandler),
	}
}

// begin runs a journal until the function that it gives is called.
func begin(t *testing.T, cfg Config) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	j := New(cfg)
	go func() { ended <- j.Run(ctx) }()
	j.following.Wait()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func told(t *testing.T, cfg Config) []string {
	t.Helper()
	all, err := cfg.Activities.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, a := range all {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s %s", a.Status.Kind, a.Status.Title, a.Status.Reason, a.Status.Message)))
	}
	return lines
}

func await(t *testing.T, cfg Config, want ...string) {
	t.Helper()
	var got []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(5 * time.Millisecond) {
		if got = told(t, cfg); cmp.Equal(want, got) {
			return
		}
	}
	t.Errorf("the timeline (-want +got):\n%s", cmp.Diff(want, got))
}

// connect says how it stands with the engine, and since when.
func connect(t *testing.T, cfg Config, running string, status metav1.ConditionStatus, reason string, since metav1.Time) {
	t.Helper()
	_, err := cfg.Apps.UpdateStatus(t.Context(), types.NamespacedName{Name: app.AppName}, func(a *app.App) error {
		a.Status.Conditions = []metav1.Condition{
			{Type: app.ConditionRunning, Status: metav1.ConditionTrue, Reason: running},
			{Type: app.ConditionContainerEngineReady, Status: status, Reason: reason, LastTransitionTime: since},
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheTimelineTellsNewsAndRemembersThem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "activity.jsonl")
	cfg := newConfig(t, file)
	running := &app.App{ObjectMeta: metav1.ObjectMeta{Name: app.AppName}, Spec: app.AppSpec{Running: true}}
	if _, err := cfg.Apps.Create(t.Context(), running); err != nil {
		t.Fatal(err)
	}
	put := func(name string) metav1.Time {
		t.Helper()
		c := &containers.Container{ObjectMeta: metav1.ObjectMeta{Namespace: "berth", Name: name}, Status: containers.ContainerStatus{Name: name, Status: containers.StateCreated}}
		c, err := cfg.Containers.Create(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return c.CreationTimestamp
	}
	state := func(name string, s containers.State, exit int32) {
		t.Helper()
		_, err := cfg.Containers.UpdateStatus(t.Context(), types.NamespacedName{Namespace: "berth", Name: name}, func(c *containers.Container) error {
			c.Status.Status, c.Status.ExitCode = s, exit
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	remove := func(name string) {
		t.Helper()
		if err := cfg.Containers.Delete(t.Context(), types.NamespacedName{Namespace: "berth", Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	put("old") // is there before: no news

	stop := begin(t, cfg)
	connect(t, cfg, app.ReasonStarted, metav1.ConditionFalse, app.ReasonConnecting, metav1.Now())
	since := put("found") // by the first sync: no news, however late it is heard of
	connect(t, cfg, app.ReasonStarted, metav1.ConditionTrue, app.ReasonConnected, since)
	<-time.After(time.Until(since.Add(time.Second))) // what is created in that second may have been found, too
	await(t, cfg, "App Engine Ready")
	put("new")
	await(t, cfg, "App Engine Ready", "Container new Created")
	state("new", containers.StateRunning, 0)
	await(t, cfg, "App Engine Ready", "Container new Created", "Container new Started")
	state("new", containers.StateExited, 2)
	await(t, cfg, "App Engine Ready", "Container new Created", "Container new Started", "Container new Exited exit code 2")
	remove("new")
	all := []string{"App Engine Ready", "Container new Created", "Container new Started", "Container new Exited exit code 2", "Container new Removed"}
	await(t, cfg, all...)
	all = append(all, "App Engine Stopping")
	connect(t, cfg, app.ReasonStopping, metav1.ConditionTrue, app.ReasonConnected, since)
	await(t, cfg, all...)
	remove("old") // the mirror empties: no news
	remove("found")
	stop()

	again := newConfig(t, file)
	stop = begin(t, again)
	defer stop()
	await(t, again, all...)
}

func TestAStormIsToldOfAndDoesNotPushTheRestOut(t *testing.T) {
	cfg := newConfig(t, filepath.Join(t.TempDir(), "activity.jsonl"))
	synctest.Test(t, func(t *testing.T) {
		w := newWriter(cfg)
		for i := range 5000 {
			w.take(t.Context(), app.ActivityStatus{At: metav1.NowMicro(), Kind: "Volume", Title: fmt.Sprint(i), Reason: "Created"})
		}
		if n := len(told(t, cfg)); n != burst {
			t.Errorf("%d were told at once, want %d", n, burst)
		}
		<-time.After(time.Second) // of the test's own clock
		w.take(t.Context(), app.ActivityStatus{})
		lines := told(t, cfg)
		want := fmt.Sprintf("App Engine Skipped %d more changes came too fast to be told one by one", 5000-burst)
		if got := lines[len(lines)-1]; got != want {
			t.Errorf("the last line is %q, want %q", got, want)
		}
	})
}

func TestOnlyTheNewestAreRemembered(t *testing.T) {
	file := filepath.Join(t.TempDir(), "activity.jsonl")
	cfg := newConfig(t, file)
	w := newWriter(cfg)
	for i := range 2*app.ActivityLimit + 1 {
		w.tokens = burst
		w.take(t.Context(), app.ActivityStatus{At: metav1.NowMicro(), Kind: "Volume", Title: fmt.Sprint(i), Reason: "Created"})
	}
	w.flush()
	lines, err := read(file)
	if err != nil || len(lines) != app.ActivityLimit {
		t.Errorf("the file has %d lines, %v", len(lines), err)
	}
	got := told(t, cfg)
	if first := got[0]; len(got) != app.ActivityLimit || first != fmt.Sprintf("Volume %d Created", app.ActivityLimit+1) {
		t.Errorf("%d are there, and the first is %q", len(got), first)
	}
}

func TestABrokenFileCostsOnlyItsBrokenLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "activity.jsonl")
	text := `{"name":"0000000000000001","status":{"kind":"Volume","title":"a","reason":"Created"}}
not JSON
{"name":"0000000000000002","status":{"kind":"Volume","title":"b","reason":"Removed"}}
{"name":"0000000000000003","status":{"kind":"Vol`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := newConfig(t, file)
	w := newWriter(cfg)
	if err := w.recall(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Volume a Created", "Volume b Removed"}, told(t, cfg)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.take(t.Context(), app.ActivityStatus{At: metav1.NowMicro(), Kind: "Volume", Title: "c"})
	w.flush()
	if lines, err := read(file); err != nil || len(lines) != 3 {
		t.Errorf("after another one the file has %d whole lines, %v", len(lines), err)
	}
	if _, err := os.Stat(file + ".new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it leaves something behind: %v", err)
	}
}
