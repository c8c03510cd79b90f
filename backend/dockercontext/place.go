package dockercontext

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/berth-desktop/berth/backend/paths"
)

// TakenError says that a context of our name is there and is not ours.
type TakenError struct{ Context Context }

// Error implements error.
func (e *TakenError) Error() string {
	whose := "that Berth did not make"
	if e.Context.Owner != "" {
		whose = "of another Berth, in " + e.Context.Owner
	}
	return fmt.Sprintf("there is a docker context %q %s; it is left alone (docker context rm %s removes it)", e.Context.Name, whose, e.Context.Name)
}

// Place is the docker context of one instance: its name, and the folders in which docker and we keep it.
type Place struct {
	// Name of the context: the instance's.
	Name string
	// Dir is docker's folder.
	Dir string
	// State is the instance's folder; what must be put back later is remembered there.
	State string
}

// At is the context of the instance with these paths, for a user with that environment.
func At(p paths.Paths, getenv func(string) string) (Place, error) {
	dir, err := Dir(getenv)
	return Place{Name: p.Instance, Dir: dir, State: p.State}, err
}

// memory is what must outlive us for all to be put back.
type memory struct {
	// Dir is docker's folder in which the context was made; it is empty if none is there.
	Dir string `json:"dir,omitempty"`
	// Switched says that we made it the current one; Previous was that before.
	Switched bool   `json:"switched,omitempty"`
	Previous string `json:"previous,omitempty"`
	// MadeFolder says that docker had no folder before, and MadeSettings that it had no config.json.
	MadeFolder   bool `json:"madeFolder,omitempty"`
	MadeSettings bool `json:"madeSettings,omitempty"`
	// Chosen says that the user made our context the current one, and had to be led away when it went.
	Chosen bool `json:"chosen,omitempty"`
}

func (p Place) memoryFile() string { return filepath.Join(p.State, "docker-context.json") }

// locked runs do with what is remembered, alone among processes.
func (p Place) locked(do func(m *memory) error) (err error) {
	if err := os.MkdirAll(p.State, 0o700); err != nil {
		return fmt.Errorf("make the folder of state: %w", err)
	}
	lock := flock.New(filepath.Join(p.State, "docker-context.lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock the memory of the docker context: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	m, err := p.recall()
	if err != nil {
		return err
	}
	return do(&m)
}

func (p Place) recall() (memory, error) {
	var m memory
	text, err := os.ReadFile(p.memoryFile())
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return m, fmt.Errorf("read the memory of the docker context: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return memory{}, nil //nolint:nilerr // we replace it whole; what somebody else has torn holds nothing to put back
	}
	return m, nil
}

func (p Place) remember(m memory) error {
	if m == (memory{}) {
		if err := os.Remove(p.memoryFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("forget the docker context: %w", err)
		}
		return nil
	}
	text, err := json.Marshal(m)
	if err == nil {
		err = replace(p.memoryFile(), text, 0o600, nil)
	}
	if err != nil {
		return fmt.Errorf("remember the docker context: %w", err)
	}
	return nil
}

// Offer makes the context, and makes it the current one if that is missing or dead. It may be called again.
func (p Place) Offer(ctx context.Context, endpoint string) (switched bool, err error) {
	err = p.locked(func(m *memory) error {
		if m.Dir != "" && m.Dir != p.Dir {
			if err := p.takeBack(m); err != nil {
				return err
			}
		}
		if err := p.make(ctx, m, endpoint); err != nil {
			return err
		}
		if err := p.perhapsSwitch(ctx, m); err != nil {
			return err
		}
		switched = m.Switched
		return nil
	})
	return switched, err
}

// make writes the context. What is done is remembered before it is done.
func (p Place) make(ctx context.Context, m *memory, endpoint string) error {
	want := Context{
		Name: p.Name, Description: "Berth: there while its engine runs", Endpoint: endpoint,
		Owner: p.State, File: fileOf(p.Dir, p.Name),
	}
	there, err := Find(p.Dir, p.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case there == want && m.Dir == p.Dir:
		return nil
	case there.Owner == "":
		return &TakenError{there}
	case there.Owner != p.State:
		if life, _ := Probe(ctx, there.Endpoint); life != Dead {
			return &TakenError{there}
		}
	}
	if wantsTLS(ctx, endpoint) {
		return fmt.Errorf("no docker context %q is made: the engine at %s wants certificates, which Berth does not copy; use the context that you gave to Berth", p.Name, endpoint)
	}
	m.Dir = p.Dir
	if _, err := os.Stat(p.Dir); errors.Is(err, fs.ErrNotExist) {
		m.MadeFolder = true
	}
	if err := p.remember(*m); err != nil {
		return err
	}
	return write(p.Dir, want)
}

// perhapsSwitch makes the context the current one if the user wanted that, or if there is none that works.
func (p Place) perhapsSwitch(ctx context.Context, m *memory) error {
	now, err := Current(p.Dir)
	if err != nil {
		return err
	}
	switch {
	case now == p.Name:
		return nil
	case m.Chosen && now == "":
	case p.works(ctx, now):
		return nil
	}
	return p.switchTo(m, now)
}

// works says whether docker can do something with that context.
func (p Place) works(ctx context.Context, name string) bool {
	c, err := Find(p.Dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil || c.Endpoint == "" {
		return true // not ours to judge
	}
	life, _ := Probe(ctx, c.Endpoint)
	return life != Dead
}

func (p Place) switchTo(m *memory, from string) error {
	m.Switched, m.Previous = true, from
	if _, err := os.Stat(settingsIn(p.Dir).file); errors.Is(err, fs.ErrNotExist) {
		m.MadeSettings = true
	}
	if err := p.remember(*m); err != nil {
		return err
	}
	return settingsIn(p.Dir).setCurrent(p.Name)
}

// Withdraw puts the current context back and removes ours. With nothing there it does nothing.
func (p Place) Withdraw() error {
	if _, err := os.Stat(p.State); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return p.locked(func(m *memory) error {
		if m.Dir == "" {
			m.Dir = p.Dir // one that was made by a Berth whose state is lost
		}
		return p.takeBack(m)
	})
}

// takeBack undoes Offer in the folder that m names.
func (p Place) takeBack(m *memory) error {
	there, err := Find(m.Dir, p.Name)
	if err == nil && there.Owner != p.State || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p.remember(memory{Chosen: m.Chosen}) // somebody else's by now
	}
	var trouble error
	if made := err == nil || m.Switched; made {
		trouble = p.putBack(m)
	}
	if err := erase(m.Dir, p.Name); err != nil {
		return errors.Join(trouble, err)
	}
	if m.MadeFolder {
		_ = os.Remove(m.Dir) // it stays if anybody has put something there
	}
	if trouble != nil {
		return trouble // and try again with the same memory
	}
	return p.remember(memory{Chosen: m.Chosen})
}

// putBack leads docker away from our context, to where it went before.
func (p Place) putBack(m *memory) error {
	now, err := Current(m.Dir)
	if err != nil {
		if !m.Switched {
			return nil // nothing was changed in settings that cannot be read
		}
		return err
	}
	if now != p.Name {
		m.Chosen = false // the user went elsewhere
		return nil
	}
	back := ""
	if m.Switched {
		back = m.Previous
	} else {
		m.Chosen = true
	}
	s := settingsIn(m.Dir)
	if err := s.setCurrent(back); err != nil {
		return err
	}
	if m.MadeSettings && back == "" {
		return s.forget()
	}
	return nil
}
