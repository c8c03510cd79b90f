//go:build linux

package lima_test

import (
	"path/filepath"
	"testing"

	"github.com/berth-desktop/berth/vm/lima/limatest"
)

func TestMain(m *testing.M) { limatest.Main(m) }

// helperProgram is this program under the helper's name.
func helperProgram(t testing.TB) string {
	t.Helper()
	return filepath.Join(limatest.Programs(t), "berth-lima")
}
