//go:build desktop

package indicator

// #cgo pkg-config: glib-2.0
// #include <stdlib.h>
// #include <glib.h>
import "C"

import (
	"fmt"
	"os"
	"path/filepath"
	"unsafe"
)

// prepare gives our icon the name that screen readers say, and makes the library write its icon files to dir, which is
// private to the user, and not to the folder for temporary files, where it leaves one behind when it is killed.
func prepare(dir string) error {
	old, err := filepath.Glob(filepath.Join(dir, "systray_*"))
	if err != nil {
		return fmt.Errorf("look for old icons in %s: %w", dir, err)
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("remove an old icon: %w", err)
		}
	}
	title := C.CString("Berth")
	defer C.free(unsafe.Pointer(title))
	C.g_set_application_name(title)

	// In C's environment and not in Go's: the programs that we start keep theirs.
	name, value := C.CString("TMPDIR"), C.CString(dir)
	defer C.free(unsafe.Pointer(name))
	defer C.free(unsafe.Pointer(value))
	if _, err := C.setenv(name, value, 1); err != nil {
		return fmt.Errorf("choose a folder for icons: %w", err)
	}
	return nil
}
