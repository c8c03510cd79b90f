//go:build cross

package packagetest

import (
	"debug/pe"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What `make cross` has made: each program is a Windows one with icon, manifest and version in it, and of the right kind.
func TestWindowsProgramsCarryTheirResources(t *testing.T) {
	const graphical, console = 2, 3
	for name, subsystem := range map[string]uint16{
		"berth": console, "berth-kubectl": console, "berth-lima": console, "berth-desktop": graphical, "berth-tray": graphical,
	} {
		t.Run(name, func(t *testing.T) {
			f, err := pe.Open(filepath.Join(repository(t), ".cache", "cross", "windows", name+".exe"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
			header, ok := f.OptionalHeader.(*pe.OptionalHeader64)
			if !ok || f.Machine != pe.IMAGE_FILE_MACHINE_AMD64 || header.Subsystem != subsystem {
				t.Errorf("machine %x, subsystem of %+v, want amd64 and %d", f.Machine, header, subsystem)
			}
			section := f.Section(".rsrc")
			if section == nil {
				t.Fatal("it has no resources")
			}
			data, err := section.Data()
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"permonitorv2", "\x89PNG", strings.Join(strings.Split("ProductVersion", ""), "\x00")} {
				if !strings.Contains(string(data), want) {
					t.Errorf("its resources do not hold %q", want)
				}
			}
		})
	}
	setup, err := os.ReadFile(filepath.Join(repository(t), ".cache", "cross", "windows", "berth-setup.exe"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(setup[:min(len(setup), 1<<20)]), "NullsoftInst") {
		t.Error("the installer is none")
	}
}

func TestPropertyListsOfMacOSAreWellFormed(t *testing.T) {
	for name, wanted := range map[string][]string{
		"Info.plist":         {"CFBundleIdentifier", "CFBundleExecutable", "CFBundleURLTypes", "LSMinimumSystemVersion", "CFBundleIconFile"},
		"entitlements.plist": {"com.apple.security.virtualization", "com.apple.security.cs.allow-jit"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := os.Open(filepath.Join(repository(t), "build", "darwin", name))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = f.Close() })
			keys := topKeys(t, f)
			for _, key := range wanted {
				if !slices.Contains(keys, key) {
					t.Errorf("%s is missing among %v", key, keys)
				}
			}
		})
	}
}

// topKeys reads a property list: a dictionary of a key and a value in turn, with no key twice.
func topKeys(t *testing.T, r io.Reader) []string {
	t.Helper()
	var keys []string
	depth, due := 0, false // due: the last key still wants its value
	for dec := xml.NewDecoder(r); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return keys
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.EndElement:
			depth--
		case xml.StartElement:
			depth++
			if depth != 3 { // plist, dict
				continue
			}
			if (e.Name.Local == "key") == due {
				t.Fatalf("after %v comes <%s>: keys and values do not take turns", keys, e.Name.Local)
			}
			due = !due
			if !due {
				continue
			}
			var key string
			if err := dec.DecodeElement(&key, &e); err != nil {
				t.Fatal(err)
			}
			depth--
			if slices.Contains(keys, key) {
				t.Errorf("%s is there twice", key)
			}
			keys = append(keys, key)
		}
	}
}
