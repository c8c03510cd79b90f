package bench_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

const volumesPath = "/apis/containers.berth.desktop/v1alpha1/namespaces/berth/volumes"

// daemon is a shipped `berth serve` in a home of its own.
type daemon struct {
	home string
	cmd  *exec.Cmd
	api  http.Client
}

// startDaemon starts one and returns once its API answers, with the time that took.
func startDaemon(b *testing.B, home string) (*daemon, time.Duration) {
	b.Helper()
	bin := os.Getenv("BERTH_BIN")
	if bin == "" {
		b.Fatal("BERTH_BIN names the folder of the built binaries: run `make bench`")
	}
	d := &daemon{home: home, cmd: exec.Command(filepath.Join(bin, "berth"), "serve")} //nolint:noctx // ended by stop, gracefully
	d.cmd.Env = append(os.Environ(), "BERTH_HOME="+home)
	var dial net.Dialer
	d.api.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dial.DialContext(ctx, "unix", filepath.Join(home, "run", "api.sock"))
	}}
	start := time.Now()
	if err := d.cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for {
		if _, err := d.get("/apis/app.berth.desktop/v1alpha1/apps"); err == nil {
			return d, time.Since(start)
		}
		if time.Since(start) > 30*time.Second {
			d.stop(b)
			b.Fatal("the daemon does not answer")
		}
		<-time.After(time.Millisecond)
	}
}

func (d *daemon) stop(b *testing.B) {
	b.Helper()
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	_ = d.cmd.Wait()
	d.api.CloseIdleConnections()
}

func (d *daemon) do(method, path, contentType string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, "http://berth"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := d.api.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	out, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %s", method, path, res.Status, out)
	}
	return out, err
}

func (d *daemon) get(path string) ([]byte, error) { return d.do(http.MethodGet, path, "", nil) }

// attach points the daemon at an engine and waits until everything is read; it gives how long that step took.
func (d *daemon) attach(b *testing.B, endpoint string) time.Duration {
	b.Helper()
	patch := fmt.Sprintf(`{"spec":{"running":true,"containerEngine":{"provider":"host","host":%q}}}`, endpoint)
	const path = "/apis/app.berth.desktop/v1alpha1/apps/app"
	for start := time.Now(); ; <-time.After(10 * time.Millisecond) {
		_, err := d.do(http.MethodPatch, path, "application/merge-patch+json", []byte(patch))
		if err == nil {
			break
		}
		if time.Since(start) > 10*time.Second {
			b.Fatal(err)
		}
	}
	for start := time.Now(); time.Since(start) < 2*time.Minute; <-time.After(5 * time.Millisecond) {
		out, err := d.get(path)
		if err != nil {
			b.Fatal(err)
		}
		var app appv1.App
		if err := json.Unmarshal(out, &app); err != nil {
			b.Fatal(err)
		}
		if took, ok := settled(&app); ok {
			return took
		}
	}
	b.Fatal("the daemon does not settle")
	return 0
}

func settled(app *appv1.App) (time.Duration, bool) {
	for _, c := range app.Status.Conditions {
		if c.Type != appv1.ConditionSettled || c.Status != "True" || c.ObservedGeneration < app.Generation || app.Status.Startup == nil {
			continue
		}
		for _, s := range app.Status.Startup.Steps {
			if s.Name == appv1.StepReadingContainers && s.FinishedAt != nil {
				return s.FinishedAt.Sub(s.StartedAt.Time), true
			}
		}
	}
	return 0, false
}

// resident is the daemon's resident memory in MiB.
func (d *daemon) resident(b *testing.B) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				b.Fatal(err)
			}
			return float64(kib) / 1024
		}
	}
	b.Fatal("no VmRSS")
	return 0
}

// watchVolumes notes the name of each volume that the API's watch over TLS tells of.
func (d *daemon) watchVolumes(b *testing.B, s *seen) {
	b.Helper()
	d.watch(b, volumesPath).each(func(line []byte) {
		// Only the name is looked for, so that decoding is not part of what is measured.
		if _, rest, ok := bytes.Cut(line, []byte(`"status":{"name":"`)); ok {
			name, _, _ := bytes.Cut(rest, []byte(`"`))
			s.note(string(name))
		}
	})
}

// watch is a face that follows a kind over TLS.
type watch struct {
	io.ReadCloser
	stop atomic.Bool // once set, it reads no more
	line atomic.Pointer[func(line []byte)]
}

// each has every line that is read from now on seen.
func (w *watch) each(see func(line []byte)) { w.line.Store(&see) }

// watch follows path over TLS, through a client that tune may change.
func (d *daemon) watch(b *testing.B, path string, tune ...func(*rest.Config)) *watch {
	b.Helper()
	cfg, err := clientcmd.BuildConfigFromFlags("", filepath.Join(d.home, "state", "kubeconfig"))
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range tune {
		t(cfg)
	}
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		b.Fatal(err)
	}
	url := cfg.Host + path + "?watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		b.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		b.Fatal(res.Status)
	}
	w := &watch{ReadCloser: res.Body}
	b.Cleanup(func() { _ = w.Close() })
	go func() {
		for lines := bufio.NewReaderSize(w, 1<<20); !w.stop.Load(); {
			line, err := lines.ReadSlice('\n')
			if err != nil {
				return
			}
			if see := w.line.Load(); see != nil {
				(*see)(line)
			}
		}
	}()
	return w
}
