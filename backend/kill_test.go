package backend_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/berth-desktop/berth/backend"
	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

// isDaemon names the variable that makes this test a daemon, to be killed.
const isDaemon = "BERTH_TEST_DAEMON"

func TestMain(m *testing.M) {
	if os.Getenv(isDaemon) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	if err := serve(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stop()
}

func serve(ctx context.Context) error {
	p, err := paths.FromEnvironment(os.Getenv)
	if err != nil {
		return err
	}
	release, err := client.Hold(ctx, p)
	if err != nil {
		return err
	}
	err = backend.Run(ctx, backend.Config{
		Paths: p, Version: "test", Assets: fstest.MapFS{"index.html": {}}, Getenv: os.Getenv, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	return errors.Join(err, release())
}

// victim is a home whose daemons are killed one after another.
type victim struct {
	t     *testing.T
	paths paths.Paths
	env   []string
	// hosts are the values that the spec may have: the last that was acknowledged, and one that was on its way.
	hosts  []string
	writes int
	slow   time.Duration // the longest start
}

func newVictim(t *testing.T) *victim {
	t.Helper()
	home := shortTemp(t)
	vars := map[string]string{paths.EnvHome: home, "DOCKER_CONFIG": filepath.Join(home, "docker"), "DOCKER_HOST": "unix://" + home + "/none.sock"}
	p, err := paths.FromEnvironment(func(k string) string { return vars[k] })
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{t: t, paths: p, env: append(os.Environ(), isDaemon+"=1"), hosts: []string{""}}
	for name, value := range vars {
		v.env = append(v.env, name+"="+value)
	}
	return v
}

// begin starts a daemon. What it returns kills it.
func (v *victim) begin() (kill func(), err error) {
	cmd := exec.Command(os.Args[0]) //nolint:noctx // it is killed
	cmd.Env = v.env
	said := &strings.Builder{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
		if v.t.Failed() {
			v.t.Logf("the daemon said:\n%s", said)
		}
	}), nil
}

// answers waits for the daemon and checks what it has found.
func (v *victim) answers(ctx context.Context) (*client.Client, error) {
	began := time.Now()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		c, err := client.Connect(ctx, client.Options{Paths: v.paths, Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			v.slow = max(v.slow, time.Since(began))
			return c, v.whole(ctx, c)
		}
		if time.Since(began) > 30*time.Second {
			return nil, fmt.Errorf("the daemon does not answer after a kill: %w", err)
		}
		<-tick.C
	}
}

func (v *victim) whole(ctx context.Context, c *client.Client) error {
	app, err := c.App(ctx)
	if err != nil {
		return err
	}
	if host := app.Spec.ContainerEngine.Host; !slices.Contains(v.hosts, host) {
		return fmt.Errorf("the spec says %q, want one of %q", host, v.hosts)
	}
	if bad, err := filepath.Glob(filepath.Join(v.paths.State, "*", "*", "*.bad*")); err != nil || len(bad) > 0 {
		return fmt.Errorf("something was written by half: %q, %w", bad, err)
	}
	v.hosts = []string{app.Spec.ContainerEngine.Host}
	return nil
}

// write changes the spec again and again, until the daemon is killed.
func (v *victim) write(ctx context.Context, c *client.Client) {
	for {
		v.writes++
		next := fmt.Sprintf("unix:///%d%s.sock", v.writes, strings.Repeat("x", v.writes%2000)) // of many lengths
		v.hosts = append(v.hosts, next)
		patch := map[string]any{"spec": map[string]any{"containerEngine": map[string]any{"provider": appv1.ProviderHost, "host": next}}}
		if _, err := c.Apps().Patch(ctx, appv1.AppName, patch); err != nil {
			return
		}
		v.hosts = []string{next}
	}
}

// A daemon that is killed, at any moment of its start or while it writes, loses nothing that it has acknowledged, leaves
// nothing by half, and the next one answers.
func TestDaemonSurvivesKillsAtAnyMoment(t *testing.T) {
	const homes = 2 // as many as there are cores to kill on
	kills := 500
	if testing.Short() {
		kills = 40
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, %d kills", seed, kills)
	var g errgroup.Group
	for i := range homes {
		v := newVictim(t)
		random := rand.New(rand.NewPCG(seed, uint64(i))) //nolint:gosec // to choose moments
		g.Go(func() error {
			usual := 100 * time.Millisecond
			for range kills / homes / 2 {
				// Once while it starts, at a moment that may be before its first line or after its first answer.
				kill, err := v.begin()
				if err != nil {
					return err
				}
				<-time.After(time.Duration(random.Int64N(int64(usual))))
				kill()
				// And once while it writes.
				if kill, err = v.begin(); err != nil {
					return err
				}
				began := time.Now()
				c, err := v.answers(t.Context())
				if err != nil {
					kill()
					return err
				}
				usual = (3*usual + time.Since(began)) / 4
				time.AfterFunc(time.Duration(random.Int64N(int64(40*time.Millisecond))), kill)
				v.write(t.Context(), c)
				kill()
				c.Close()
			}
			t.Logf("%d writes between the kills; the slowest start took %s", v.writes, v.slow)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

// A daemon that is killed while it goes from its own engine to another leaves neither behind: the next one looks where
// the spec no longer points.
func TestKillDuringAChangeOfProviderLeavesNoEngine(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // to choose moments
	v := newVictim(t)
	t.Cleanup(func() {
		if left := v.engines(); len(left) > 0 {
			t.Errorf("these still run: %q", left)
		}
	})
	settled := func(c *client.Client, spec map[string]any) {
		t.Helper()
		app, err := c.Apps().Patch(t.Context(), appv1.AppName, map[string]any{"spec": spec})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.WaitSettled(t.Context(), app.Generation, nil); err != nil {
			t.Fatal(err)
		}
	}
	native := map[string]any{"running": true, "containerEngine": map[string]any{"provider": appv1.ProviderNative}}
	other := map[string]any{"containerEngine": map[string]any{"provider": appv1.ProviderHost}}
	for range 4 {
		kill, err := v.begin()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kill)
		c, err := v.answers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		settled(c, native)
		if _, err := c.Apps().Patch(t.Context(), appv1.AppName, map[string]any{"spec": other}); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Duration(random.Int64N(int64(400 * time.Millisecond))))
		kill()
		c.Close()
		left := len(v.engines())

		if kill, err = v.begin(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(kill)
		if c, err = v.answers(t.Context()); err != nil {
			t.Fatal(err)
		}
		app, err := c.App(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, refused := errors.AsType[*client.NotSettledError](c.WaitSettled(t.Context(), app.Generation, nil))
		if !refused { // nobody answers there
			t.Error("it settled on an engine that is not there")
		}
		if now := v.engines(); len(now) > 0 {
			t.Errorf("of %d programs that the kill left, these still run: %q", left, now)
		}
		c.Close()
		if err := client.Quit(t.Context(), v.paths); err != nil {
			t.Fatal(err)
		}
		kill()
	}
}

// engines are the command lines of the programs that run with the folders of this home's engine.
func (v *victim) engines() []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is a good one
	for _, f := range files {
		if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), v.paths.EngineRun()+"/") {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
