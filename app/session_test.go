package app

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	api "github.com/berth-desktop/berth/backend/api/stream"
)

const execPath = things + "/web/exec?command=sh"

// echoes is a daemon that sends back what it is sent, on the channel after it, until that is "bye".
func echoes(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			_, _ = w.Write([]byte(`{"gitVersion":"v1.0.0+berth.test"}`))
			return
		}
		upgrader := websocket.Upgrader{Subprotocols: []string{api.ProtocolV5}}
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
			if string(message[1:]) == "bye" {
				_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
				return
			}
			message[0]++
			if err := conn.WriteMessage(kind, message); err != nil {
				return
			}
		}
	}
}

func TestASessionGoesBothWays(t *testing.T) {
	h := start(t, echoes(t))
	if err := h.Dial("s", execPath); err != nil {
		t.Fatal(err)
	}
	send := func(text string) {
		t.Helper()
		if err := h.Send("s", base64.StdEncoding.EncodeToString([]byte("\x00"+text))); err != nil {
			t.Fatal(err)
		}
	}
	send("hello \xff")
	want := event{"stream:s", []any{[]string{base64.StdEncoding.EncodeToString([]byte("\x01hello \xff"))}, 0}}
	if diff := cmp.Diff(want, h.next(t)); diff != "" {
		t.Error(diff)
	}
	h.Ack("s", 1)
	send("bye")
	if diff := cmp.Diff(event{"stream-end:s", []any{"", 0, 1}}, h.next(t)); diff != "" {
		t.Error(diff)
	}
	if err := h.Send("s", "AA=="); err == nil {
		t.Error("a session that has ended takes a message")
	}
}

func TestASessionThatIsClosedIsOver(t *testing.T) {
	h := start(t, echoes(t))
	if err := h.Dial("s", execPath); err != nil {
		t.Fatal(err)
	}
	if err := h.Send("s", "AA=="); err != nil {
		t.Fatal(err)
	}
	h.Close("s")
	if err := h.Send("s", "AA=="); err == nil {
		t.Error("it takes a message")
	}
	if err := h.Dial("t", "/etc/passwd"); err == nil {
		t.Error("the page may ask for anything")
	}
}
