package page

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// stream opens a stream as a page would. A header that is "" is left out.
func (v *visit) stream(path string, headers map[string]string) (*websocket.Conn, *http.Response, error) {
	v.t.Helper()
	h := http.Header{"Origin": {"http://" + v.address}}
	if v.cookie != nil {
		h.Set("Cookie", v.cookie.String())
	}
	for name, value := range headers {
		h.Set(name, value)
		if value == "" {
			h.Del(name)
		}
	}
	conn, res, err := websocket.DefaultDialer.DialContext(v.t.Context(), "ws://"+v.address+"/stream?path="+url.QueryEscape(path), h)
	if conn != nil {
		v.t.Cleanup(func() { _ = conn.Close() })
	}
	if res != nil {
		v.t.Cleanup(func() { _ = res.Body.Close() })
	}
	return conn, res, err
}

// opened is a stream that must come about, of a page that is signed in.
func (v *visit) opened(path string) *websocket.Conn {
	v.t.Helper()
	v.signIn()
	conn, _, err := v.stream(path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	return conn
}

const containersPath = "/apis/containers.berth.desktop/v1alpha1/namespaces/berth/containers"

func TestAStreamCarriesWhatTheAPISaysAndHowItEnds(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Upgrade") != "" || r.URL.Query().Get("watch") != "1" {
			t.Errorf("the API is asked %s with the headers %v", r.URL, r.Header)
		}
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "line %d\n", i)
			w.(http.Flusher).Flush()
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), streamMessage+1))
	}))
	conn := visit().opened(containersPath + "?watch=1")
	var got bytes.Buffer
	var end verdict
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				t.Errorf("it ends with %v", err)
			}
			break
		}
		if kind == websocket.TextMessage {
			end.Body = string(message)
			continue
		}
		got.Write(message)
	}
	want := "line 0\nline 1\nline 2\n" + string(bytes.Repeat([]byte("x"), streamMessage+1))
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("what arrives (-want +got):\n%s", diff)
	}
	if end.Body != "{\"status\":200}\n" {
		t.Errorf("the verdict is %s", end.Body)
	}
}

func TestARefusedStreamSaysWhy(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, `{"kind":"Status","message":"too old"}`, http.StatusGone)
	}))
	stranger := visit()
	for name, c := range map[string]struct {
		path   string
		signIn bool
		want   verdict
	}{
		"by the API":           {containersPath, true, verdict{http.StatusGone, "{\"kind\":\"Status\",\"message\":\"too old\"}\n"}},
		"a path of no concern": {"/api/v1/secrets", true, verdict{http.StatusForbidden, "The page may not ask this.\n"}},
		"no path":              {"%zz", true, verdict{http.StatusBadRequest, "A stream needs a path."}},
		"without a session":    {containersPath, false, verdict{http.StatusUnauthorized, signIn + "\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			v := stranger
			if c.signIn {
				v = visit()
				v.signIn()
			}
			conn, _, err := v.stream(c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got verdict
			if err := conn.ReadJSON(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("the verdict (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAStreamIsForOurOwnPageOnly(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(ok))
	v := visit()
	v.signIn()
	for name, headers := range map[string]map[string]string{
		"another page":          {"Origin": "http://evil.example"},
		"another port":          {"Origin": "http://127.0.0.1:1"},
		"a page without a name": {"Origin": "null"},
		"nobody's":              {"Origin": ""},
		"another site":          {"Sec-Fetch-Site": "cross-site"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, res, err := v.stream(containersPath, headers); err == nil || res == nil || res.StatusCode != http.StatusForbidden {
				t.Errorf("the handshake: %v, %v", res, err)
			}
		})
	}
}

func TestWhatThePageHasNotReadWaitsInTheDaemon(t *testing.T) {
	var written atomic.Int64
	gone := make(chan struct{})
	_, visit := start(t, built(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(gone)
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte("line\n")); err != nil {
				return
			}
			w.(http.Flusher).Flush()
			written.Add(1)
		}
	}))
	conn := visit().opened(containersPath)
	read := func(n int) {
		t.Helper()
		for range n {
			if _, _, err := conn.ReadMessage(); err != nil {
				t.Fatal(err)
			}
		}
	}
	read(streamAhead)
	if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("more came than was asked for")
	}
	if n := written.Load(); n != streamAhead {
		t.Errorf("the API was let write %d messages, want %d", n, streamAhead)
	}
	if err := conn.WriteMessage(websocket.TextMessage, nil); err != nil {
		t.Fatal(err)
	}
	for written.Load() <= streamAhead {
		<-time.After(time.Millisecond)
	}
	_ = conn.Close()
	<-gone
}

// session opens one at its own address, as a page would.
func (v *visit) session(headers http.Header) (*websocket.Conn, *http.Response, error) {
	v.t.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"v5.channel.k8s.io"}}
	conn, res, err := dialer.DialContext(v.t.Context(), "ws://"+v.address+containersPath+"/web/exec?command=sh", headers)
	if conn != nil {
		v.t.Cleanup(func() { _ = conn.Close() })
	}
	if res != nil {
		v.t.Cleanup(func() { _ = res.Body.Close() })
	}
	return conn, res, err
}

func TestASessionIsForThePageAlone(t *testing.T) {
	_, visit := start(t, built(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" || r.Header.Get("Origin") != "" {
			t.Errorf("the API is asked with the headers %v", r.Header)
		}
		upgrader := websocket.Upgrader{Subprotocols: []string{"v5.channel.k8s.io"}}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = conn.Close() }()
		for {
			kind, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			_ = conn.WriteMessage(kind, message)
		}
	}))
	v := visit()
	own := "http://" + v.address
	if _, res, err := v.session(http.Header{"Origin": {own}}); err == nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a cookie: %v", err)
	}
	v.signIn()
	for _, origin := range [][]string{{"http://evil.example"}, {"null"}, nil} {
		_, res, err := v.session(http.Header{"Origin": origin, "Cookie": {v.cookie.String()}})
		if err == nil || res.StatusCode != http.StatusForbidden {
			t.Errorf("from %q: %v", origin, err)
		}
	}
	conn, _, err := v.session(http.Header{"Origin": {own}, "Cookie": {v.cookie.String()}})
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte("\x00ls\n")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "\x00ls\n" || conn.Subprotocol() != "v5.channel.k8s.io" {
		t.Errorf("it answers %q by %q, %v", message, conn.Subprotocol(), err)
	}
}
