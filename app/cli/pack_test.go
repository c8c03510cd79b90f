package cli

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestNothingThatAContainerPacksLeadsOutOfTheFolder(t *testing.T) {
	folder := tar.Header{Name: "top/", Typeflag: tar.TypeDir, Mode: 0o755}
	file := func(name string) tar.Header {
		return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: 4}
	}
	for name, entries := range map[string][]tar.Header{
		"by its name":         {folder, file("top/../../evil")},
		"by another's name":   {folder, file("../evil")},
		"through a link":      {folder, {Name: "top/out", Typeflag: tar.TypeSymlink, Linkname: "../.."}, file("top/out/evil")},
		"through a whole one": {folder, {Name: "top/out", Typeflag: tar.TypeSymlink, Linkname: os.TempDir()}, file("top/out/evil")},
		"by a second name":    {folder, {Name: "top/in", Typeflag: tar.TypeLink, Linkname: "top/../../secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			outside := t.TempDir()
			secret := filepath.Join(outside, "secret")
			if err := os.WriteFile(secret, []byte("mine"), 0o600); err != nil {
				t.Fatal(err)
			}
			inside := filepath.Join(outside, "in")
			if err := os.Mkdir(inside, 0o700); err != nil {
				t.Fatal(err)
			}
			if _, err := unpack(archive(t, entries), spot{inside, "here"}, false, func(string) {}); err == nil {
				t.Error("it was unpacked")
			}
			left, err := filepath.Glob(filepath.Join(outside, "evil*"))
			if err != nil || len(left) > 0 {
				t.Errorf("outside there are %q, %v", left, err)
			}
		})
	}
}

func TestACopyThatBreaksOffLeavesWhatWasThere(t *testing.T) {
	folder := t.TempDir()
	whole := filepath.Join(folder, "file")
	if err := os.WriteFile(whole, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := archive(t, []tar.Header{{Name: "file", Typeflag: tar.TypeReg, Mode: 0o644, Size: 4}}).Bytes()
	if _, err := unpack(bytes.NewReader(text[:514]), spot{folder, "file"}, false, func(string) {}); err == nil {
		t.Error("half a tar was taken for a whole one")
	}
	got, err := os.ReadFile(whole)
	if err != nil || string(got) != "before" {
		t.Errorf("there is %q, %v", got, err)
	}
	if all, _ := os.ReadDir(folder); len(all) != 1 {
		t.Errorf("left behind: %v", all)
	}
}

// archive is a tar of entries; files hold "evil".
func archive(t *testing.T, entries []tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			if _, err := w.Write([]byte("evil")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}
