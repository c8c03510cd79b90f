package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// A real API server cannot be made to cut a watch at a given moment, so these tests have one that says what they like.

const (
	synced  = `{"type":"BOOKMARK","object":{"kind":"App","metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}`
	expired = `{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","message":"too old","code":410}}`
)

func event(kind, name, uid string, version int) string {
	return fmt.Sprintf(`{"type":%q,"object":{"kind":"App","metadata":{"name":%q,"uid":%q,"resourceVersion":"%d"}}}`, kind, name, uid, version)
}

// shortTemp is a temporary folder with room for a socket's path.
func shortTemp(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "bc") //nolint:usetesting // its path is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// scripted answers the n-th request with the n-th script, and those after the last with a refusal.
func scripted(t *testing.T, scripts ...[]string) *Client {
	t.Helper()
	dir := shortTemp(t)
	socket := filepath.Join(dir, "s")
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	next := make(chan []string, len(scripts))
	for _, s := range scripts {
		next <- s
	}
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		select {
		case s := <-next:
			_, _ = fmt.Fprintln(w, strings.Join(s, "\n"))
		default:
			http.Error(w, "that was all", http.StatusTeapot)
		}
	})}
	go func() { _ = srv.Serve(l) }()
	c := newClient(socket)
	t.Cleanup(func() {
		c.Close()
		_ = srv.Close()
	})
	return c
}

// told is what a watch tells until it ends.
func told(ctx context.Context, c *Client) (events []string, err error) {
	for e, err := range c.Apps().Watch(ctx, "") {
		switch {
		case err != nil:
			return events, err
		case e.Object == nil:
			events = append(events, string(e.Type))
		default:
			events = append(events, fmt.Sprintf("%s %s/%s", e.Type, e.Object.Name, e.Object.UID))
		}
	}
	return events, nil
}

func TestAWatchThatEndsIsOpenedAgainAndTellsOnlyWhatIsDifferent(t *testing.T) {
	first := []string{event("ADDED", "a", "1", 1), event("ADDED", "b", "2", 2), event("ADDED", "c", "3", 3), synced}
	for name, c := range map[string]struct {
		end  []string // of the first watch
		then []string
		want []string
	}{
		"nothing changed": {nil, []string{event("ADDED", "a", "1", 1), event("ADDED", "b", "2", 2), event("ADDED", "c", "3", 3), synced}, nil},
		"one changed, one went, one came": {
			nil,
			[]string{event("ADDED", "a", "1", 7), event("ADDED", "c", "3", 3), event("ADDED", "d", "4", 8), synced},
			[]string{"MODIFIED a/1", "ADDED d/4", "DELETED b/2"},
		},
		"one was replaced": {
			nil,
			[]string{event("ADDED", "a", "1", 1), event("ADDED", "b", "9", 8), event("ADDED", "c", "3", 3), synced},
			[]string{"DELETED b/2", "ADDED b/9"},
		},
		"too slow": {
			[]string{expired}, []string{event("ADDED", "a", "1", 1), event("ADDED", "b", "2", 2), synced}, []string{"DELETED c/3"},
		},
		"cut within an event": {
			[]string{`{"type":"MODIF`}, []string{event("ADDED", "a", "1", 1), event("ADDED", "b", "2", 2), synced}, []string{"DELETED c/3"},
		},
		"changes before the end": {
			[]string{event("MODIFIED", "a", "1", 4), event("DELETED", "b", "2", 5)},
			[]string{event("ADDED", "a", "1", 4), event("ADDED", "c", "3", 3), synced},
			[]string{"MODIFIED a/1", "DELETED b/2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := told(t.Context(), scripted(t, append(first, c.end...), c.then))
			if e, ok := errors.AsType[*apierrors.StatusError](err); !ok || e.ErrStatus.Code != http.StatusTeapot {
				t.Errorf("it ends with %v", err)
			}
			want := append([]string{"ADDED a/1", "ADDED b/2", "ADDED c/3", "BOOKMARK"}, c.want...)
			if diff := cmp.Diff(want, events); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAWatchEndsWithItsContextAndWithItsCaller(t *testing.T) {
	c := scripted(t, []string{event("ADDED", "a", "1", 1)})
	for e, err := range c.Apps().Watch(t.Context(), "") {
		if err != nil || e.Object.Name != "a" {
			t.Fatalf("got %v, %v", e, err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := told(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAWatchThatTheDaemonRefusesEnds(t *testing.T) {
	if _, err := told(t.Context(), scripted(t)); err == nil {
		t.Error("got no error")
	}
}

func TestAWatchEndsWithTheDaemon(t *testing.T) {
	dir := t.TempDir()
	if _, err := told(t.Context(), newClient(filepath.Join(dir, "none"))); !errors.Is(err, ErrNotRunning) {
		t.Errorf("got %v", err)
	}
}

func TestTheQueryAsksForWhatIsThere(t *testing.T) {
	dir := shortTemp(t)
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	line := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		first, _ := bufio.NewReader(conn).ReadString('\n')
		line <- first
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, err := range newClient(filepath.Join(dir, "s")).Containers("berth").Watch(ctx, "x") {
		if err == nil {
			t.Error("something was told")
		}
		break
	}
	want := "GET /apis/containers.berth.desktop/v1alpha1/namespaces/berth/containers?allowWatchBookmarks=true&" +
		"fieldSelector=metadata.name%3Dx&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&watch=true HTTP/1.1"
	if got := strings.TrimSpace(<-line); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
