package memstore

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

const (
	fileSuffix = ".json"
	badSuffix  = ".bad"
	tempPrefix = ".new-"
)

// Files is a Persister that keeps one file for each object. A file is replaced as a whole: at every moment, a power cut
// included, it holds the old object or the new one.
type Files struct {
	// Dir holds the files of one kind and nothing else. It is made when it is missing.
	Dir string
	// Codec reads and writes them.
	Codec apiruntime.Codec
	// Log is told about files that were set aside; nil means nobody is.
	Log *slog.Logger
}

var _ Persister = Files{}

// Put implements Persister. If it fails after the file was replaced, the new object may be the one that a restart finds:
// as with any store that cannot answer, the outcome is open until the next write.
func (f Files) Put(key string, obj apiruntime.Object) error {
	// The version means nothing to another process, and a codec may set the kind: hence the copy.
	obj = shallowCopy(obj)
	if err := (storage.APIObjectVersioner{}).PrepareObjectForStorage(obj); err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	content, err := apiruntime.Encode(f.Codec, obj)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	if err := f.replace(f.path(key), content); err != nil {
		return fmt.Errorf("keep %s: %w", key, err)
	}
	return nil
}

// Delete implements Persister.
func (f Files) Delete(key string) error {
	if err := os.Remove(f.path(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget %s: %w", key, err)
	}
	if err := syncDir(f.Dir); err != nil {
		return fmt.Errorf("forget %s: %w", key, err)
	}
	return nil
}

// NewerError says that an object was kept by a version of Berth that knows more than this one. It was left as it is.
type NewerError struct {
	// File is the object's, Version that of its API.
	File, Version string
}

// Error implements error.
func (e *NewerError) Error() string {
	return fmt.Sprintf("%s was written by a newer Berth (it is of API version %s): install that version, or move the file away to begin anew", e.File, e.Version)
}

// Load implements Persister. A file that is of no use (it was cut, or somebody edited it) is renamed to end in .bad and
// stays there for a human; the others are loaded all the same. One of a newer version ends it with a *NewerError: to go
// on without it would mean to replace it by a new one later.
func (f Files) Load(accept func(key string, obj apiruntime.Object) error) error {
	if err := f.open(); err != nil {
		return err
	}
	found, err := os.ReadDir(f.Dir)
	if err != nil {
		return err
	}
	for _, file := range found {
		name := file.Name()
		stem, isObject := strings.CutSuffix(name, fileSuffix)
		switch {
		case strings.HasPrefix(name, tempPrefix):
			// An earlier process died before it had written all of it, and had told nobody that it was kept.
			if err := os.Remove(filepath.Join(f.Dir, name)); err != nil {
				return err
			}
		case isObject && file.Type().IsRegular():
			if err := f.loadFile(name, stem, accept); err != nil {
				return err
			}
		}
	}
	return syncDir(f.Dir)
}

// open makes the folder, and makes sure that a power cut leaves it there.
func (f Files) open() error {
	if _, err := os.Stat(f.Dir); err == nil {
		return nil
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(f.Dir))
}

// loadFile fails only when the file can neither be read nor set aside: to go on without an object that may be fine
// would mean to replace it by a new one later.
func (f Files) loadFile(name, stem string, accept func(string, apiruntime.Object) error) error {
	path := filepath.Join(f.Dir, name)
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	key, err := url.PathUnescape(stem)
	if err != nil {
		return f.setAside(path, err)
	}
	obj, err := apiruntime.Decode(f.Codec, content)
	if apiruntime.IsNotRegisteredError(err) {
		var meta metav1.TypeMeta
		if json.Unmarshal(content, &meta) == nil && meta.APIVersion != "" { // all older ones are registered
			return &NewerError{File: path, Version: meta.APIVersion}
		}
	}
	if err != nil {
		return f.setAside(path, err)
	}
	if err := accept(key, obj); err != nil {
		return f.setAside(path, err)
	}
	return nil
}

// setAside renames a file that is of no use to a name that no other has.
func (f Files) setAside(path string, reason error) error {
	aside := path + badSuffix
	for n := 2; exists(aside); n++ {
		aside = fmt.Sprintf("%s%s%d", path, badSuffix, n)
	}
	if err := os.Rename(path, aside); err != nil {
		return fmt.Errorf("set aside %s, which cannot be used (%w): %w", path, reason, err)
	}
	if f.Log != nil {
		f.Log.Error("Set aside a stored object that this version cannot use", "file", path, "keptAs", aside, "err", reason)
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// path is the file of a key. Keys of cluster-scoped kinds are plain names, so their files are, too.
func (f Files) path(key string) string {
	name := url.PathEscape(key)
	if strings.HasPrefix(name, ".") { // neither hidden nor taken for a temporary file
		name = "%2E" + name[1:]
	}
	return filepath.Join(f.Dir, name+fileSuffix)
}

// replace writes a temporary file, flushes it, and puts it in the old one's place. It is the user's alone (0600).
func (f Files) replace(path string, content []byte) error {
	temp, err := os.CreateTemp(f.Dir, tempPrefix+"*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncDir(f.Dir)
}

// syncDir makes renames within a folder last. Windows has no such call and needs none.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
