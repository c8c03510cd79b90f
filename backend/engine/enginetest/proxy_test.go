package enginetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// caller is a client that keeps no connection.
func caller(endpoint string) *http.Client {
	var d net.Dialer
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return d.DialContext(ctx, "unix", strings.TrimPrefix(endpoint, "unix://"))
		},
	}}
}

func get(ctx context.Context, c *http.Client, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine"+path, http.NoBody)
	if err != nil {
		return "", err
	}
	res, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.Status + " " + string(body), err
}

func TestProxyDoesWrongWhatItIsToldAndThenRightAgain(t *testing.T) {
	f := enginetest.NewFake(t)
	c := caller(f.Endpoint())
	patient, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	fine := func() {
		t.Helper()
		if said, err := get(patient, c, "/v1.48/_ping"); err != nil || said != "200 OK OK" {
			t.Fatalf("%q, %v", said, err)
		}
	}
	fails := func(want error) {
		t.Helper()
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if said, err := get(short, c, "/_ping"); !errors.Is(err, want) {
			t.Errorf("%q, %v; want %v", said, err, want)
		}
	}
	fine()
	f.Refuse()
	fails(syscall.ECONNREFUSED)
	f.Return(t)
	fine()
	f.Vanish()
	fails(os.ErrNotExist)
	f.Return(t)
	fine()
	f.Freeze()
	fails(context.DeadlineExceeded)
	f.Thaw()
	fine()
	f.Mute()
	fails(context.DeadlineExceeded)
	f.Thaw()
	f.Trickle(1, time.Microsecond)
	fine()
	f.Thaw()
	before := f.Calls("^/_ping$")
	fine()
	if got := f.Calls("^/_ping$"); got != before+1 {
		t.Errorf("one call is counted as %d", got-before)
	}
	ping := regexp.MustCompile("^/_ping$")
	for name, tc := range map[string]struct {
		fault enginetest.Fault
		want  string
		err   error
	}{
		"refused":   {enginetest.Fault{Path: ping, Status: 503}, "503 Service Unavailable {\"message\":\"a fault that a test has made\"}", nil},
		"edited":    {enginetest.Fault{Path: ping, Edit: func(b []byte) []byte { return b[:1] }}, "200 OK O", nil},
		"broken":    {enginetest.Fault{Path: ping, Break: true}, "200 OK OK", io.ErrUnexpectedEOF},
		"elsewhere": {enginetest.Fault{Path: regexp.MustCompile("^/info$"), Status: 500}, "200 OK OK", nil},
	} {
		heal := f.Inject(tc.fault)
		if said, err := get(patient, c, "/_ping"); said != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s: %q, %v", name, said, err)
		}
		heal()
		fine()
	}
	heal := f.Inject(enginetest.Fault{Path: ping, Until: make(chan struct{})})
	fails(context.DeadlineExceeded)
	heal()
	fine()
}

func TestEventsAreToldFromThePastAndCut(t *testing.T) {
	f := enginetest.NewFake(t)
	f.SetClock(-time.Hour)
	f.Tell("volume", "create", "early")
	since := time.Now().Add(-time.Hour)
	f.Tell("volume", "create", "late")
	open := func() io.ReadCloser {
		at := fmt.Sprintf("http://engine/v1.48/events?since=%d.%09d", since.Unix(), since.Nanosecond())
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := caller(f.Endpoint()).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return res.Body
	}
	stream := open()
	defer stream.Close()
	f.Tell("volume", "create", "last")
	said := make([]byte, 0, 4096)
	for !strings.Contains(string(said), `"last"`) {
		part := make([]byte, 512)
		n, err := stream.Read(part)
		said = append(said, part[:n]...)
		if err != nil {
			t.Fatalf("%q, %v", said, err)
		}
	}
	for word, want := range map[string]bool{"early": false, "late": true} {
		if strings.Contains(string(said), word) != want {
			t.Errorf("%s: %s", word, said)
		}
	}
	f.DropEvents(1, 1)
	f.Tell("volume", "create", "lost")
	if f.CutEvents() != 1 {
		t.Error("there is one stream")
	}
	if rest, err := io.ReadAll(stream); len(rest) > 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a stream that is cut ends with %q, %v", rest, err)
	}
}
