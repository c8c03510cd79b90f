package streams_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/berth-desktop/berth/backend/api/stream"
)

// dial opens a session on the socket, as our faces do, and waits until it has begun.
func (w *world) dial(id, query string) *websocket.Conn {
	w.t.Helper()
	conn := w.connect(id, query)
	w.began(conn)
	return conn
}

func (w *world) connect(id, query string) *websocket.Conn {
	w.t.Helper()
	dialer := websocket.Dialer{
		NetDialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", w.socket)
		},
		Subprotocols: []string{stream.ProtocolV5},
	}
	conn, res, err := dialer.DialContext(w.t.Context(), "ws://berth"+path(id, query), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = res.Body.Close()
	w.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		w.t.Fatal(err)
	}
	return conn
}

func (w *world) began(conn *websocket.Conn) {
	w.t.Helper()
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "\x01" {
		w.t.Fatalf("it begins with %q, %v", message, err)
	}
}

// until waits for what happens in the engine's own time.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-poll.C {
		if is() {
			return
		}
	}
	t.Fatalf("%s: not in %s", what, patience)
}

func TestNothingRunsOnInATerminalWhoseClientHasGone(t *testing.T) {
	for name, script := range map[string]string{
		"what is silent": "echo 42; busybox sleep 1234",
		// The daemon learns from its own output that the client has gone.
		"what writes": "busybox yes 42-1234",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.run("busybox", "sleep", "3600")
			conn := w.dial(id, "exec?stdin=true&stdout=true&tty=true&"+command("/bin/busybox", "sh", "-c", script))
			if _, message, err := conn.ReadMessage(); err != nil || !bytes.Contains(message, []byte("42")) {
				t.Fatalf("it says %q, %v", message, err)
			}
			runs := func() bool { return strings.Contains(w.docker.Docker(t, "top", id), "1234") }
			until(t, "it runs", runs)
			_ = conn.Close()
			until(t, "it is interrupted", func() bool { return !runs() })
		})
	}
}

func TestOutputWaitsForAClientThatSaysHowFarItHasRead(t *testing.T) {
	w := newWorld(t)
	id := w.run("busybox", "sleep", "3600")
	const window, all = 64 << 10, 4 << 20
	conn := w.dial(id, fmt.Sprintf("exec?stdout=true&window=%d&%s", window, command("/bin/busybox", "head", "-c", fmt.Sprint(all), "/dev/zero")))
	got, unsaid := 0, 0
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			t.Fatalf("after %d bytes: %v", got, err)
		}
		if message[0] == stream.ChannelStatus {
			if !bytes.Contains(message, []byte(`"Success"`)) {
				t.Errorf("it ends with %s", message[1:])
			}
			break
		}
		got += len(message) - 1
		unsaid += len(message) - 1
		if unsaid > window+32<<10 {
			t.Fatalf("%d bytes came that nobody made room for", unsaid)
		}
		if unsaid >= window {
			if err := conn.WriteMessage(websocket.BinaryMessage, fmt.Appendf([]byte{stream.ChannelRead}, "%d", unsaid)); err != nil {
				t.Fatal(err)
			}
			unsaid = 0
		}
	}
	if got != all {
		t.Errorf("%d bytes came of %d", got, all)
	}
}

// Each key is a message: a process, or an engine, that does not read for a moment is not to cost who types the session.
func TestWhoTypesAheadKeepsTheSession(t *testing.T) {
	w := newWorld(t)
	id := w.run("busybox", "sleep", "3600")
	conn := w.dial(id, "exec?stdin=true&stdout=true&window=65536&"+command("/bin/busybox", "sh", "-c", "until [ -e /go ]; do busybox sleep 0.02; done; busybox wc -c"))
	say := func(channel byte, text []byte) {
		if err := conn.WriteMessage(websocket.BinaryMessage, append([]byte{channel}, text...)); err != nil {
			t.Fatal(err)
		}
	}
	const pages, keys = 16, 2000
	for range pages { // more than the pipes hold on the way to it
		say(stream.ChannelStdin, make([]byte, 128<<10))
	}
	for range keys {
		say(stream.ChannelStdin, []byte("k"))
	}
	say(stream.ChannelClose, []byte{stream.ChannelStdin})
	w.docker.Docker(t, "exec", id, "/bin/busybox", "touch", "/go")
	_, message, err := conn.ReadMessage()
	if want := fmt.Sprintf("\x01%d\n", pages*128<<10+keys); err != nil || string(message) != want {
		t.Errorf("it says %q, %v; want %q", message, err, want)
	}
}

func TestWhatCannotBeginIsToldInTheSession(t *testing.T) {
	w := newWorld(t)
	id := w.mirrored(strings.Repeat("0f", 32))
	_, message, err := w.connect(id, "exec?stdout=true&command=sh").ReadMessage()
	if err != nil || message[0] != stream.ChannelStatus || !bytes.Contains(message, []byte(`"code":404`)) {
		t.Errorf("it says %q, %v", message, err)
	}
}

func TestStreamsEndWithTheirClients(t *testing.T) {
	w := newWorld(t)
	id := w.run("busybox", "sh", "-c", "yes")
	for _, rest := range []string{"log?follow=true&format=json", "stats?follow=true", "log?follow=true"} {
		ctx, cancel := context.WithCancel(t.Context())
		status, body := w.get(ctx, path(id, rest))
		if _, err := body.Read(make([]byte, 100)); err != nil || status != http.StatusOK {
			t.Errorf("%s: %d, %v", rest, status, err)
		}
		cancel() // goleak sees what goes on
	}
}

func TestADaemonThatEndsEndsItsSessions(t *testing.T) {
	w := newWorld(t)
	id := w.run("busybox", "sleep", "3600")
	conn := w.dial(id, "exec?stdin=true&stdout=true&"+command("/bin/busybox", "cat"))
	if err := conn.WriteMessage(websocket.BinaryMessage, []byte("\x00hello")); err != nil {
		t.Fatal(err)
	}
	if _, message, err := conn.ReadMessage(); err != nil || string(message) != "\x01hello" {
		t.Fatalf("it says %q, %v", message, err)
	}
	w.stop()
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("the session goes on")
	}
}
