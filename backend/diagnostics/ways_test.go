package diagnostics

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
)

func ways(t *testing.T, m machine) map[appv1.Provider]Way {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(m.cfg).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", Path+"?ways", nil))
	var all []Way
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	byProvider := map[appv1.Provider]Way{}
	for _, way := range all {
		byProvider[way.Provider] = way
	}
	if len(byProvider) != 3 {
		t.Fatalf("got %+v", all)
	}
	return byProvider
}

func TestWaysSayWhyOneIsClosed(t *testing.T) {
	m := newMachine(t)
	t.Setenv("PATH", t.TempDir())
	m.env["DOCKER_HOST"] = "unix://" + filepath.Join(m.env["HOME"], "nobody.sock")
	found := ways(t, m)
	if w := found[appv1.ProviderHost]; w.Available || !strings.Contains(w.Message, "nobody answers") || w.Mend != "" {
		t.Errorf("host: %+v", w)
	}
	if _, err := os.Stat("/dev/kvm"); err != nil {
		if w := found[appv1.ProviderLima]; w.Available || w.Message == "" {
			t.Errorf("lima: %+v", w)
		}
	}
}

func TestAWayIsOpenToAnEngineThatMayAnswer(t *testing.T) {
	m := newMachine(t)
	socket := filepath.Join(m.env["HOME"], "d.sock")
	m.listen(socket) // it says nothing yet: nobody may call it dead
	m.env["DOCKER_HOST"] = "unix://" + socket
	if w := ways(t, m)[appv1.ProviderHost]; !w.Available || !strings.Contains(w.Message, socket) {
		t.Errorf("host: %+v", w)
	}
}
