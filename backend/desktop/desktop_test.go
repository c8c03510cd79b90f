package desktop_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/berth-desktop/berth/backend/desktop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// command is a berth of a few lines, which remembers in files what it was asked for.
const command = `#!/bin/sh
cd "$HOME"
case "$1 $2" in
"autostart status") if [ -e on ]; then echo '{"on":true}'; else echo '{"on":false}'; fi ;;
"autostart on") : >on ;;
"autostart off") rm on ;;
"context show") echo '{"current":"default"}' ;;
*) echo "There is no docker context of Berth's: the engine is not running." >&2; exit 1 ;;
esac
`

func handler(t *testing.T) http.Handler {
	t.Helper()
	home := t.TempDir()
	program := filepath.Join(home, "berth")
	if err := os.WriteFile(program, []byte(command), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	return desktop.Handler(desktop.Config{
		Program: func() (string, error) { return program, nil },
		Environ: []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")},
	})
}

func ask(t *testing.T, h http.Handler, method, body string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, desktop.Path, strings.NewReader(body)))
	return w.Code, w.Body.String()
}

func TestTheDesktopIsSeenAndChangedAsTheCommandLineWould(t *testing.T) {
	h := handler(t)
	for _, step := range []struct{ method, body, want string }{
		{http.MethodGet, "", `"on":false`},
		{http.MethodPost, `{"autostart":true}`, `"on":true`},
		{http.MethodGet, "", `"current":"default"`},
		{http.MethodPost, `{"autostart":false}`, `"on":false`},
	} {
		code, got := ask(t, h, step.method, step.body)
		if code != http.StatusOK || !strings.Contains(got, step.want) || !json.Valid([]byte(got)) {
			t.Errorf("%s %s: %d %s", step.method, step.body, code, got)
		}
	}
}

func TestARefusalIsInTheCommandsWords(t *testing.T) {
	h := handler(t)
	if code, got := ask(t, h, http.MethodPost, `{"context":true}`); code != http.StatusConflict || !strings.Contains(got, "the engine is not running") {
		t.Errorf("%d %s", code, got)
	}
	for _, body := range []string{"", "{", `{"autostart":"yes"}`, `{"shutdown":true}`} {
		if code, got := ask(t, h, http.MethodPost, body); code != http.StatusBadRequest {
			t.Errorf("%q: %d %s", body, code, got)
		}
	}
}
