package app

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// chooses answers the question where to save.
func chooses(path string) func(string) (string, error) {
	return func(string) (string, error) { return path, nil }
}

func TestALogOfManyMegabytesIsSavedWhole(t *testing.T) {
	h := start(t, func(http.ResponseWriter, *http.Request) {})
	path := filepath.Join(t.TempDir(), "web.log")
	h.choose = chooses(path)
	text := strings.Repeat("a line of a log\n", 700_000)
	where, err := h.SaveText(text, "web.log")
	if err != nil || where != path {
		t.Fatalf("saved as %q, %v", where, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != text {
		t.Errorf("the file has %d bytes, %v", len(got), err)
	}
}

func TestAnAnswerIsSavedAsItComes(t *testing.T) {
	h := start(t, func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, r.URL.Query().Get("path")) })
	folder := t.TempDir()
	h.choose = chooses(filepath.Join(folder, "etc.tar"))
	if _, err := h.Save(things+"/x/files?archive=true&path=/etc", "etc.tar"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(folder, "etc.tar")); err != nil || string(got) != "/etc" {
		t.Errorf("the file has %q, %v", got, err)
	}
	if _, err := h.Save("/etc/passwd", "x"); err == nil {
		t.Error("the page can save what it may not reach")
	}
}

func TestWhatCannotBeSavedLeavesTheOldFile(t *testing.T) {
	h := start(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
	folder := t.TempDir()
	path := filepath.Join(folder, "old")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.choose = chooses(path)
	if _, err := h.Save(things+"/x/files", "old"); err == nil {
		t.Error("a refusal is saved as a file")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "precious" {
		t.Errorf("the old file has %q, %v", got, err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestWhoeverCancelsSavesNothing(t *testing.T) {
	h := start(t, func(http.ResponseWriter, *http.Request) {})
	for want, choose := range map[string]func(string) (string, error){
		"":          chooses(""),
		"no window": func(string) (string, error) { return "", errors.New("no window") },
	} {
		h.choose = choose
		where, err := h.SaveText("x", "x")
		if where != "" || (err == nil) != (want == "") {
			t.Errorf("saved as %q, %v", where, err)
		}
	}
}

func TestAFileNameIsSafeToPropose(t *testing.T) {
	for name, want := range map[string]string{
		"web.log": "web.log", "../../x": "_.._x", "a/b\\c\n": "a_b_c_", "": "file", "...": "file",
	} {
		if got := fileName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
