package diagnostics

import (
	"io/fs"

	"golang.org/x/sys/windows"
)

// access has nothing to check: the folders lie in the user's profile, which Windows closes to others.
func access(string, fs.FileInfo, fs.FileMode) Finding { return ok("") }

func writable(string) error { return nil }

func spaceOf(dir string) (space, error) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return space{}, err
	}
	var sp space
	err = windows.GetDiskFreeSpaceEx(name, &sp.freeBytes, &sp.bytes, nil)
	return sp, err
}
