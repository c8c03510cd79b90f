package dockercontext

import (
	"errors"
	"fmt"
	"io/fs"
)

// Standing is how docker's contexts are now.
type Standing struct {
	// Context is ours; it is nil while there is none.
	Context *Context `json:"context,omitempty"`
	// Current is the name of docker's current context.
	Current string `json:"current"`
	// Previous is what Restore would make the current one; Switched says that there is something to restore.
	Previous string `json:"previous,omitempty"`
	Switched bool   `json:"switched"`
}

// Look says how docker's contexts are now.
func (p Place) Look() (Standing, error) {
	now, err := Current(p.Dir)
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Current: orDefault(now)}
	there, err := Find(p.Dir, p.Name)
	switch {
	case err == nil && there.Owner == p.State:
		s.Context = &there
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return s, err
	}
	m, err := p.recall()
	if err != nil {
		return s, err
	}
	if m.Switched && m.Dir == p.Dir && now == p.Name {
		s.Switched, s.Previous = true, orDefault(m.Previous)
	}
	return s, nil
}

func orDefault(name string) string {
	if name == "" {
		return Default
	}
	return name
}

// Use makes our context the current one because the user says so. What was there is put back when the engine stops.
// An error that is fs.ErrNotExist says that there is none, because the engine does not run.
func (p Place) Use() error {
	return p.locked(func(m *memory) error {
		there, err := Find(p.Dir, p.Name)
		if err != nil {
			return err
		}
		if there.Owner != p.State {
			return &TakenError{there}
		}
		now, err := Current(p.Dir)
		if err != nil || now == p.Name {
			return err
		}
		m.Dir = p.Dir
		return p.switchTo(m, now)
	})
}

// Restore makes the context the current one that was that before, and leaves ours in its place.
func (p Place) Restore() (to string, err error) {
	err = p.locked(func(m *memory) error {
		now, err := Current(p.Dir)
		if err != nil {
			return err
		}
		to = orDefault(now)
		if now != p.Name {
			return nil
		}
		to = orDefault(m.Previous)
		if err := settingsIn(p.Dir).setCurrent(m.Previous); err != nil {
			return fmt.Errorf("put docker's current context back: %w", err)
		}
		if m.MadeSettings && m.Previous == "" {
			err = settingsIn(p.Dir).forget()
		}
		m.Switched, m.Previous, m.MadeSettings, m.Chosen = false, "", false, false
		return errors.Join(err, p.remember(*m))
	})
	return to, err
}
