package dockercontext

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestAKillInTheMiddleOfAWriteLeavesNothing(t *testing.T) {
	u := newUser(t)
	p := u.place("berth")
	if _, err := p.Offer(t.Context(), u.engine("e.sock")); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(fileOf(p.Dir, p.Name))
	if err := os.WriteFile(filepath.Join(folder, temporary+"123"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "meta.json")); err != nil { // it had not got there yet
		t.Fatal(err)
	}
	if err := p.Withdraw(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.Dir); !errors.Is(err, fs.ErrNotExist) {
		left, _ := filepath.Glob(p.Dir + "/*")
		t.Errorf("docker's folder is left, with %v: %v", left, err)
	}
}
