package lima_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/berth-desktop/berth/vm/lima/lima1"
)

// This program is also the helper that links Lima, so that the tests need not build another one.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "berth-lima" {
		os.Exit(lima1.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// helperProgram is this program under the helper's name, in a folder with a guest agent.
func helperProgram(t testing.TB) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "berth-lima")
	if err := os.Symlink(self, link); err != nil {
		t.Fatal(err)
	}
	return link
}
