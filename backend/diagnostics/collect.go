package diagnostics

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/dockercontext"
)

const (
	// tail is how much of each log is taken.
	tail = 128 << 10
	// manyLogs is more than there are.
	manyLogs = 12
)

func one(name, text string) []file { return []file{{name, text}} }

func collectDoctor(ctx context.Context, c *collection) ([]file, error) {
	r := Examine(ctx, c.Config)
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%-8s %-15s %s\n", f.Level, f.Check, f.Message)
		if f.Mend != "" {
			fmt.Fprintf(&b, "%25smend it with: %s\n", "", f.Mend)
		}
	}
	return one("doctor.txt", b.String()), nil
}

func collectVersions(ctx context.Context, c *collection) ([]file, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "berth %s\n%s %s/%s\n", c.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	d, err := client.Connect(ctx, client.Options{Paths: c.Paths})
	if err == nil {
		fmt.Fprintf(&b, "daemon %s\n", d.Version())
		d.Close()
	}
	for _, name := range []string{"/etc/os-release", "/proc/version"} {
		b.WriteString("\n" + textOf(name))
	}
	b.WriteString("\n")
	for _, p := range programs() {
		path := installed(p.name)
		if path == "" {
			fmt.Fprintf(&b, "%s: not installed\n", p.name)
			continue
		}
		version, err := versionOf(ctx, path)
		fmt.Fprintf(&b, "%s: %s %s\n", p.name, version, errorText(err))
	}
	return one("versions.txt", b.String()), nil // that no daemon answers is said elsewhere
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return "(" + err.Error() + ")"
}

func collectConditions(ctx context.Context, c *collection) ([]file, error) {
	d, err := client.Connect(ctx, client.Options{Paths: c.Paths})
	if err != nil {
		return nil, err
	}
	defer d.Close()
	a, err := d.App(ctx)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "wanted: running=%t, generation %d\n\n", a.Spec.Running, a.Generation)
	for _, k := range a.Status.Conditions {
		fmt.Fprintf(&b, "%-22s %-6s %-14s generation %d, since %s: %s\n", k.Type, k.Status, k.Reason, k.ObservedGeneration, k.LastTransitionTime.UTC().Format(time.RFC3339), k.Message)
	}
	if s := a.Status.Startup; s != nil {
		fmt.Fprintf(&b, "\nlast start: %s\n", s.StartedAt.UTC().Format(time.RFC3339Nano))
		for _, step := range s.Steps {
			took := "not finished"
			if step.FinishedAt != nil {
				took = step.FinishedAt.Sub(step.StartedAt.Time).String()
			}
			fmt.Fprintf(&b, "  %-8s %-30s %s %s\n", step.State, step.Name, took, step.Message)
		}
	}
	if f := a.Status.Failure; f != nil {
		fmt.Fprintf(&b, "\nfailure at %s: %s\n%s\n%s\n", f.At.UTC().Format(time.RFC3339), f.Message, f.Hint, strings.Join(f.LogTail, "\n"))
	}
	return one("conditions.txt", b.String()), nil
}

// collectObjects lists every kind that the API has; what the daemon keeps on disk stands in while it does not answer.
func collectObjects(ctx context.Context, c *collection) ([]file, error) {
	d, err := client.Connect(ctx, client.Options{Paths: c.Paths})
	if err != nil {
		kept, diskErr := keptObjects(c.Paths.Objects())
		return kept, errors.Join(err, diskErr)
	}
	defer d.Close()
	var files []file
	var errs []error
	for _, group := range []string{appv1.SchemeGroupVersion.String(), containersv1.SchemeGroupVersion.String()} {
		_, text, err := d.Do(ctx, "GET", "/apis/"+group, "", nil)
		var list struct {
			Resources []struct{ Name string }
		}
		if err = errors.Join(err, json.Unmarshal(text, &list)); err != nil {
			errs = append(errs, err)
			continue
		}
		for _, r := range list.Resources {
			if strings.Contains(r.Name, "/") {
				continue
			}
			_, text, err := d.Do(ctx, "GET", "/apis/"+group+"/"+r.Name, "", nil)
			if err == nil {
				text, err = redactJSON(text)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", r.Name, err))
				continue
			}
			files = append(files, file{"objects/" + r.Name + ".json", string(text)})
		}
	}
	return files, errors.Join(errs...)
}

func keptObjects(dir string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if text, err = redactJSON(text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, file{"objects/kept/" + filepath.ToSlash(name), string(text)})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return files, err
}

// collectEngine asks the engine that Berth houses, or the one that it is connected to.
func collectEngine(ctx context.Context, c *collection) ([]file, error) {
	socket := c.Paths.EngineSocket()
	short, cancel := context.WithTimeout(ctx, time.Second)
	if s := newSubject(short, c.Config); s.endpoint() != "" {
		at, isSocket := strings.CutPrefix(s.endpoint(), "unix://")
		if !isSocket {
			cancel()
			return nil, fmt.Errorf("the engine at %s is not asked: it is on another machine", s.endpoint())
		}
		socket = at
	}
	cancel()
	if !exists(socket) {
		return nil, errors.New("no engine runs")
	}
	now := time.Now()
	var files []file
	var errs []error
	for _, q := range []struct{ name, path string }{
		{"version.json", "/version"},
		{"info.json", "/info"},
		{"events.json", fmt.Sprintf("/events?since=%d&until=%d.%09d", now.Add(-time.Hour).Unix(), now.Unix(), now.Nanosecond())},
	} {
		text, _, err := get(ctx, socket, q.path)
		if err == nil {
			text, err = redactJSON(text)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", q.name, err))
			continue
		}
		files = append(files, file{"engine/" + q.name, string(text)})
	}
	return files, errors.Join(errs...)
}

func collectLogs(_ context.Context, c *collection) ([]file, error) {
	names, err := filepath.Glob(filepath.Join(c.Paths.Logs(), "*.log*"))
	if err != nil {
		return nil, err
	}
	var files []file
	var errs []error
	for _, name := range names[:min(len(names), manyLogs)] {
		text, err := tailOf(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		files = append(files, file{"logs/" + filepath.Base(name), text})
	}
	return files, errors.Join(errs...)
}

// tailOf reads the last lines of a log.
func tailOf(name string) (string, error) {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return "", err
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	from := max(0, info.Size()-tail)
	text, err := io.ReadAll(io.NewSectionReader(f, from, tail))
	if from > 0 {
		// Half a line could hide what a secret is called.
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	return string(text), err
}

func collectDocker(_ context.Context, c *collection) ([]file, error) {
	dir, err := dockercontext.Dir(c.Getenv)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	current, err := dockercontext.Current(dir)
	fmt.Fprintf(&b, "docker's folder: %s\ncurrent context: %q %s\n", dir, current, errorText(err))
	all, err := dockercontext.List(dir)
	for _, c := range all {
		fmt.Fprintf(&b, "context %q: %s %s\n", c.Name, c.Endpoint, c.Owner)
	}
	var settings map[string]json.RawMessage
	if json.Unmarshal([]byte(textOf(filepath.Join(dir, "config.json"))), &settings) == nil {
		var names []string
		for name := range settings {
			names = append(names, name)
		}
		slices.Sort(names)
		fmt.Fprintf(&b, "settings that are there: %s\n", strings.Join(names, ", "))
	}
	return one("docker.txt", b.String()), err
}

func collectEnvironment(_ context.Context, c *collection) ([]file, error) {
	var names []string
	for _, entry := range c.environ {
		name, _, _ := strings.Cut(entry, "=")
		for _, prefix := range []string{"DOCKER", "BERTH", "XDG_", "LIMA", "CONTAINER", "KUBE", "HTTP", "http", "NO_PROXY", "no_proxy", "LANG", "WAYLAND_", "DISPLAY", "DBUS_"} {
			if strings.HasPrefix(name, prefix) {
				names = append(names, name+"="+hidden)
				break
			}
		}
	}
	slices.Sort(names)
	return one("environment.txt", strings.Join(names, "\n")+"\n"), nil
}

func collectDisk(ctx context.Context, c *collection) ([]file, error) {
	var b strings.Builder
	for _, dir := range []string{c.Paths.State, c.Paths.Data, c.Paths.Runtime} {
		sp, err := spaceOf(dir)
		fmt.Fprintf(&b, "%s: %d of %d bytes free, %d of %d inodes %s\n", dir, sp.freeBytes, sp.bytes, sp.freeInodes, sp.inodes, errorText(err))
		entries, _ := os.ReadDir(dir) // one that is not there holds nothing
		for _, e := range entries {
			size, files, err := usage(ctx, filepath.Join(dir, e.Name()))
			fmt.Fprintf(&b, "  %12d bytes in %d files: %s %s\n", size, files, e.Name(), errorText(err))
		}
	}
	return one("disk.txt", b.String()), nil
}

// usage adds up a folder until ctx ends.
func usage(ctx context.Context, dir string) (size int64, files int, err error) {
	err = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !e.Type().IsRegular() {
			return nil //nolint:nilerr // what vanishes or may not be read takes no room that we could name
		}
		if info, err := e.Info(); err == nil {
			size, files = size+info.Size(), files+1
		}
		return nil
	})
	return size, files, err
}
