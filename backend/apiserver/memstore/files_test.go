package memstore

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/apis/example"
	"k8s.io/apiserver/pkg/storage"
)

func newFiles(tb testing.TB) Files {
	tb.Helper()
	return Files{Dir: filepath.Join(tb.TempDir(), "objects", "pods"), Codec: podCodec()}
}

// names is what is in the folder.
func (f Files) names(tb testing.TB) []string {
	tb.Helper()
	found, err := os.ReadDir(f.Dir)
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, e := range found {
		names = append(names, e.Name())
	}
	return names
}

func TestFilesOutliveTheStore(t *testing.T) {
	files := newFiles(t)
	_, first := newPodStore(t, Options{Persister: files})
	for _, name := range []string{"a", "b", "c"} {
		pod := podNamed(name)
		pod.UID = "uid-of-" + pod.UID
		create(t, first, pod)
	}
	relabel(t, first, "b", 7)
	remove(t, first, "c")
	want := list(t, first, storage.ListOptions{}).Items

	ctx, second := newPodStore(t, Options{Persister: files})
	got := list(t, second, storage.ListOptions{}).Items
	if len(got) != 2 {
		t.Fatalf("%d objects came back, want 2", len(got))
	}
	versions := map[string]bool{}
	for i := range got {
		versions[got[i].ResourceVersion] = true
		got[i].ResourceVersion, want[i].ResourceVersion = "", ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(versions) != 2 || versions["0"] {
		t.Errorf("the versions after a restart are %v, want two of their own", versions)
	}
	// They can be changed, and a client of the earlier process has to list anew.
	relabel(t, second, "a", 1)
	endsWith410(t, watchAll(ctx, t, second, "1"))
}

func TestFilesAreTheUsersAlone(t *testing.T) {
	files := newFiles(t)
	_, s := newPodStore(t, Options{Persister: files})
	create(t, s, podNamed("a"))
	relabel(t, s, "a", 1)
	for path, want := range map[string]os.FileMode{files.Dir: 0o700, files.path("ns/a"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %v, want %v", path, got, want)
		}
	}
	content, err := os.ReadFile(files.path("ns/a"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(content), "resourceVersion") {
		t.Errorf("the version of this process is kept: %s", content)
	}
}

func TestFileNamesLeadBackToTheirKeys(t *testing.T) {
	tests := []struct{ key, name string }{
		{"app", "app.json"},
		{"ns/a", "ns%2Fa.json"},
		{".new-1", "%2Enew-1.json"},
		{"..", "%2E..json"},
		{"a b%2F", "a%20b%252F.json"},
	}
	for _, tt := range tests {
		files := newFiles(t)
		if err := os.MkdirAll(files.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := files.Put(tt.key, podNamed("a")); err != nil {
			t.Fatal(err)
		}
		if got := files.names(t); !slices.Equal(got, []string{tt.name}) {
			t.Errorf("%q is kept as %q, want %q", tt.key, got, tt.name)
		}
		err := files.Load(func(key string, _ runtime.Object) error {
			if key != tt.key {
				t.Errorf("%q came back as %q", tt.key, key)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestFilesThatAreOfNoUseAreSetAside(t *testing.T) {
	tests := []struct{ name, file, content, reason string }{
		{"other kind", "ns%2Fa.json", `{"apiVersion":"v1","kind":"Status"}`, "not a"},
		{"half of it", "ns%2Fa.json", `{"apiVersion":"example.apiserver.k8s.io/v1","kind":"Pod","meta`, "unexpected end"},
		{"empty", "ns%2Fa.json", ``, "Kind"},
		{"another's content", "ns%2Fb.json", `{"apiVersion":"example.apiserver.k8s.io/v1","kind":"Pod","metadata":{"name":"a"}}`, "names itself"},
		{"not a key", "ns%zz.json", `{}`, "escape"},
		{"key out of the folder", "%2E%2E%2Fa.json", `{"apiVersion":"example.apiserver.k8s.io/v1","kind":"Pod","metadata":{"name":"a"}}`, "key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			files := newFiles(t)
			files.Log = slog.New(slog.NewTextHandler(&log, nil))
			_, s := newPodStore(t, Options{Persister: files})
			create(t, s, podNamed("good"))
			write(t, filepath.Join(files.Dir, tt.file), tt.content)
			write(t, filepath.Join(files.Dir, tt.file+badSuffix), "an earlier one")

			_, again := newPodStore(t, Options{Persister: files})
			if got := list(t, again, storage.ListOptions{}).Items; len(got) != 1 || got[0].Name != "good" {
				t.Errorf("loaded %v, want the good one", got)
			}
			kept, err := os.ReadFile(filepath.Join(files.Dir, tt.file+badSuffix+"2"))
			if err != nil || string(kept) != tt.content {
				t.Errorf("kept %q, %v; want %q", kept, err, tt.content)
			}
			if !strings.Contains(log.String(), tt.reason) || !strings.Contains(log.String(), tt.file) {
				t.Errorf("the log does not say what and why (%q): %s", tt.reason, &log)
			}
		})
	}
}

func TestFileOfANewerVersionIsLeftAsItIs(t *testing.T) {
	files := newFiles(t)
	_, s := newPodStore(t, Options{Persister: files})
	create(t, s, podNamed("a"))
	path := filepath.Join(files.Dir, "ns%2Fb.json")
	const newer = `{"apiVersion":"example.apiserver.k8s.io/v9","kind":"Pod","metadata":{"name":"b","namespace":"ns"}}`
	write(t, path, newer)
	before := files.names(t)
	_, err := New(NewBackend(1), Options{ResourcePrefix: prefix, NewFunc: s.options.NewFunc, Persister: files})
	var is *NewerError
	if !errors.As(err, &is) || is.File != path || !strings.Contains(err.Error(), "v9") {
		t.Errorf("got %v, want a refusal that names the file and its version", err)
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != newer || !slices.Equal(before, files.names(t)) {
		t.Errorf("the folder holds %q, and the file %q, %v", files.names(t), kept, err)
	}
}

func TestLeftoversAreSweptAndStrangersAreNot(t *testing.T) {
	files := newFiles(t)
	_, s := newPodStore(t, Options{Persister: files})
	create(t, s, podNamed("a"))
	write(t, filepath.Join(files.Dir, tempPrefix+"123"), "half")
	write(t, filepath.Join(files.Dir, "README"), "mine")
	newPodStore(t, Options{Persister: files})
	if got, want := files.names(t), []string{"README", "ns%2Fa.json"}; !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func TestFilesSayWhatTheyCouldNotDo(t *testing.T) {
	files := newFiles(t)
	_, s := newPodStore(t, Options{Persister: files})
	create(t, s, podNamed("a"))
	// The folder is gone, and a file stands in its place: nothing can be written, whoever we are.
	if err := os.RemoveAll(files.Dir); err != nil {
		t.Fatal(err)
	}
	write(t, files.Dir, "")
	_, err := update(s, "a", func(p *example.Pod) { p.Spec.Hostname = "new" })
	if !storage.IsInternalError(err) || !strings.Contains(err.Error(), "keep ns/a") {
		t.Errorf("got %v, want what was attempted", err)
	}
	if got := get(t, s, "a").Spec.Hostname; got != "" {
		t.Errorf("a change that was not kept is visible: %q", got)
	}
	if _, err := New(NewBackend(1), Options{ResourcePrefix: prefix, NewFunc: s.options.NewFunc, Persister: files}); err == nil {
		t.Error("a store opened on what is not a folder")
	}
}

func write(tb testing.TB, path, content string) {
	tb.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
}
