package dockercontext

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// maxFile is far more than anybody's settings.
	maxFile = 8 << 20
	// attempts is how often a file is edited anew because docker has written it meanwhile.
	attempts = 5
	maxLinks = 16
)

// SettingsError says that docker's config.json was left alone because it can't be read or must not be written.
type SettingsError struct {
	File string
	Err  error
}

// Error implements error.
func (e *SettingsError) Error() string {
	return fmt.Sprintf("docker's settings in %s are left alone: %v", e.File, e.Err)
}

// Unwrap gives the cause.
func (e *SettingsError) Unwrap() error { return e.Err }

// settings is docker's config.json.
type settings struct{ file string }

func settingsIn(dir string) settings { return settings{filepath.Join(dir, "config.json")} }

// Current is the name of docker's current context in that folder; it is empty for none.
func Current(dir string) (string, error) {
	s := settingsIn(dir)
	text, err := readRegular(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", &SettingsError{s.file, err}
	}
	name, err := current(text)
	if err != nil {
		return "", &SettingsError{s.file, err}
	}
	return name, nil
}

// setCurrent makes name the current context; an empty name means none.
func (s settings) setCurrent(name string) error {
	for range attempts {
		err := s.edit(name)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, errChanged):
			return &SettingsError{s.file, err}
		}
	}
	return &SettingsError{s.file, errors.New("another program keeps writing them")}
}

// edit makes one attempt; errChanged says that another program wrote the file meanwhile.
func (s settings) edit(name string) error {
	file, err := follow(s.file)
	if err != nil {
		return err
	}
	before, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return s.begin(file, name)
	}
	if err != nil {
		return err
	}
	if before.Mode().Perm()&0o200 == 0 {
		return errors.New("the file is read-only")
	}
	text, err := readRegular(file)
	if err != nil {
		return err
	}
	changed, err := withCurrent(text, name)
	if err != nil || bytes.Equal(changed, text) {
		return err
	}
	return replace(file, changed, before.Mode().Perm(), before)
}

// begin writes a file where there is none.
func (s settings) begin(file, name string) error {
	if name == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(s.file), 0o700); err != nil {
		return err
	}
	text, err := withCurrent(nil, name)
	if err != nil {
		return err
	}
	return replace(file, text, 0o600, nil)
}

// forget removes the file if nothing is in it.
func (s settings) forget() error {
	text, err := readRegular(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if all, err := members(text); err != nil || len(all) > 0 {
		return nil //nolint:nilerr // somebody else has written it
	}
	return os.Remove(s.file)
}

// follow finds the file that a link means, also if that is not there yet.
func follow(file string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(file)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().Type() != fs.ModeSymlink {
			return file, nil
		}
		if err != nil {
			return "", err
		}
		to, err := os.Readlink(file)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(file), to)
		}
		file = to
	}
	return "", errors.New("its links lead in a circle")
}

// readRegular reads a file, and nothing that could block or never end.
func readRegular(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", file)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s has %d bytes, which is too much", file, info.Size())
	}
	return os.ReadFile(file)
}

// temporary begins the names of files that are not whole yet. Who is killed while writing one leaves it.
const temporary = ".berth-"

// sweep removes such files from a folder.
func sweep(folder string) {
	left, _ := filepath.Glob(filepath.Join(folder, temporary+"*"))
	for _, file := range left {
		_ = os.Remove(file)
	}
}

// errChanged says that another program wrote the file that was to be replaced.
var errChanged = errors.New("it was changed meanwhile")

// replace puts text in the place of file in one step. If before is given, the owner stays, and nothing happens if the
// file is no longer that one.
func replace(file string, text []byte, mode fs.FileMode, before fs.FileInfo) (err error) {
	f, err := os.CreateTemp(filepath.Dir(file), temporary+"*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(text)
	err = errors.Join(err, f.Chmod(mode), keepOwner(f, before), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if before != nil {
		now, err := os.Stat(file)
		if err != nil || !os.SameFile(now, before) || now.Size() != before.Size() || !now.ModTime().Equal(before.ModTime()) {
			return errChanged
		}
	}
	return rename(f.Name(), file)
}

// rename may be refused on Windows for the moment in which another program reads the file.
func rename(from, to string) error {
	var err error
	for range attempts {
		if err = os.Rename(from, to); err == nil || !errors.Is(err, fs.ErrPermission) {
			return err
		}
		<-time.After(10 * time.Millisecond)
	}
	return err
}
