//go:build packages || cross

package packagetest

import (
	"path/filepath"
	"testing"
)

func repository(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
