package backend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/berth-desktop/berth/backend/paths"
)

// stateFormat is what this version makes of the state folder. It grows when an older version would misread, and so
// lose, what a newer one keeps there.
const stateFormat = 1

// stateMark says who has written the state folder.
type stateMark struct {
	Format  int    `json:"format"`
	Version string `json:"version"`
}

// NewerStateError says that the state folder is a newer version's. Nothing in it was touched.
type NewerStateError struct {
	// Folder is the state folder, Version the Berth that has written it.
	Folder, Version string
}

// Error implements error.
func (e *NewerStateError) Error() string {
	return fmt.Sprintf("%s was written by a newer Berth, %s, which this one cannot read: install that version, or move the folder away to begin anew", e.Folder, e.Version)
}

// claimState refuses a folder of a newer version, and marks it as ours. That also tells early whether the folder can be
// written to: the disk may be full or read-only.
func claimState(p paths.Paths, version string) error {
	path := p.StateMark()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read who has written the state: %w", err)
	}
	var mark stateMark
	if json.Unmarshal(text, &mark) == nil && mark.Format > stateFormat { // what cannot be read says nothing, and is replaced
		return &NewerStateError{Folder: p.State, Version: mark.Version}
	}
	text, err = json.Marshal(stateMark{Format: stateFormat, Version: version})
	if err != nil {
		return err
	}
	temp := path + ".new" // the lock keeps others out
	if err := writeSynced(temp, append(text, '\n')); err != nil {
		return errors.Join(fmt.Errorf("write to the state folder: %w", err), os.Remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("write to the state folder: %w", err)
	}
	return nil
}

func writeSynced(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}
