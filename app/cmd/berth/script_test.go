package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/paths"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"berth": main, "berth-older": older})
}

// older is the program from before an upgrade.
func older() {
	version = "v0.0.1"
	main()
}

// The scripts run the real command line, which starts the real daemon, which starts a real dockerd. Each has an instance
// of its own.
func TestScripts(t *testing.T) {
	tools := kubectl(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", tools+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("DOCKER_CONFIG", filepath.Join(env.WorkDir, ".docker"))
			return newInstance(env)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"appears":  appears,
			"exits":    exits,
			"docker":   docker,
			"image":    image,
			"daemons":  daemons,
			"pty":      pty,
			"asks":     asks,
			"vanishes": vanishes,
			"registry": registry,
			"stall":    stall,
			"flow":     flow,
		},
	})
}

// newInstance gives a script a home, short enough for sockets, and ends what it leaves there.
func newInstance(env *testscript.Env) error {
	t, ok := env.T().(testing.TB)
	if !ok {
		return errors.New("testscript no longer runs scripts as subtests")
	}
	env.Values[underTest{}], env.Values[itsRegistry{}] = t, &running{}
	home, err := os.MkdirTemp("", "bs")
	if err != nil {
		return err
	}
	env.Setenv(paths.EnvHome, home)
	p, err := paths.FromEnvironment(env.Getenv)
	if err != nil {
		return err
	}
	env.Defer(func() {
		if err := client.Quit(context.Background(), p); err != nil {
			t.Errorf("end the daemon: %v", err)
		}
		if left := commandsNaming(home); len(left) > 0 {
			t.Errorf("these still run: %q", left)
		}
		if t.Failed() {
			logs(t, p)
		}
		if err := os.RemoveAll(home); err != nil {
			t.Errorf("remove the instance: %v", err)
		}
	})
	return nil
}

func logs(t testing.TB, p paths.Paths) {
	t.Helper()
	for _, name := range []string{p.DaemonLog(), p.EngineLog()} {
		if text, err := os.ReadFile(name); err == nil {
			lines := strings.Split(string(text), "\n")
			t.Logf("%s ends with:\n%s", name, strings.Join(lines[max(0, len(lines)-30):], "\n"))
		}
	}
}

// commandsNaming are the command lines of the processes that were given a path under dir.
func commandsNaming(dir string) []string {
	var found []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if line, err := os.ReadFile(f); err == nil && bytes.Contains(line, []byte(dir+"/")) {
			found = append(found, string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})))
		}
	}
	return found
}

// kubectl gives a folder with the one that `make` has built, or builds it.
func kubectl(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program := filepath.Join(dir, "berth-kubectl")
	if built := os.Getenv("BERTH_KUBECTL"); built != "" {
		if err := os.Symlink(built, program); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../berth-kubectl")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build berth-kubectl: %v\n%s", err, out)
	}
	return dir
}

// exits CODE COMMAND…: runs a command that must end with that exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		got = e.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ends with exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// appears FILE: waits until there is one.
func appears(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: appears FILE")
	}
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-poll.C {
		if _, err := os.Stat(args[0]); err == nil {
			return
		}
	}
	ts.Fatalf("%s does not appear", args[0])
}

// docker ARGUMENT…: runs the docker client on the instance's engine.
func docker(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec("docker", append([]string{"-H", endpoint(ts)}, args...)...)
	if (err != nil) != neg {
		ts.Fatalf("docker %s: %v", strings.Join(args, " "), err)
	}
}

func endpoint(ts *testscript.TestScript) string {
	return "unix://" + filepath.Join(ts.Getenv(paths.EnvHome), "run", "docker.sock")
}

// image NAME: makes an image of the machine's static busybox.
func image(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: image NAME")
	}
	const pipe = `tar -C / -c bin/busybox | docker -H "$1" import -c 'ENTRYPOINT ["/bin/busybox"]' - "$2"`
	ts.Check(ts.Exec("sh", "-c", pipe, "sh", endpoint(ts), args[0]))
}

// daemons N: that many daemons have run in the instance since the script began.
func daemons(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: daemons N")
	}
	text, err := os.ReadFile(filepath.Join(ts.Getenv(paths.EnvHome), "state", "logs", "berth.log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		ts.Check(err)
	}
	if got := fmt.Sprint(strings.Count(string(text), `msg="Berth begins"`)); got != args[0] {
		ts.Fatalf("%s daemons have run, want %s", got, args[0])
	}
}

// asks PATH: prints what the daemon's socket answers there.
func asks(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: asks PATH")
	}
	p, err := paths.FromEnvironment(ts.Getenv)
	ts.Check(err)
	c, err := client.Connect(context.Background(), client.Options{Paths: p})
	ts.Check(err)
	defer c.Close()
	status, answer, err := c.Do(context.Background(), "GET", args[0], "", nil)
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d %s\n", status, answer)
	ts.Check(err)
}

// vanishes FILE: waits until there is none.
func vanishes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: vanishes FILE")
	}
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-poll.C {
		if _, err := os.Stat(args[0]); errors.Is(err, os.ErrNotExist) {
			return
		}
	}
	ts.Fatalf("%s does not vanish", args[0])
}
