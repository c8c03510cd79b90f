// Package dockercontext keeps a docker context for an instance of Berth while its engine is ready, so that
// `docker --context berth ps` works, in the files of docker's own command line.
//
// Those files belong to the user. Berth makes one context, which it marks as its own, and touches no other. It makes that
// the current one only if the current one is missing or dead, remembers what was there, and puts it back. What it
// remembers survives a daemon that was killed: the next one puts right what is left over.
package dockercontext

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Default is docker's name for "no context".
const Default = "default"

// Context is a docker context as docker's command line stores it.
type Context struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Endpoint is the engine's address; empty if the context has none.
	Endpoint string `json:"endpoint,omitempty"`
	// Owner is the state folder of the instance of Berth that made it; empty if Berth did not.
	Owner string `json:"owner,omitempty"`
	// File is where it is stored.
	File string `json:"file,omitempty"`
}

// stored is meta.json as docker writes it. BerthState is a field of ours, which docker keeps and shows.
type stored struct {
	Name     string
	Metadata struct {
		Description string
		BerthState  string `json:",omitempty"`
	}
	Endpoints map[string]storedEndpoint
}

type storedEndpoint struct {
	Host          string
	SkipTLSVerify bool
}

// Dir is where docker's command line keeps its settings, for a user with that environment.
func Dir(getenv func(string) string) (string, error) {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return filepath.Abs(dir)
	}
	home := getenv("HOME")
	if home == "" {
		home = getenv("USERPROFILE")
	}
	if home == "" {
		return "", errors.New("neither DOCKER_CONFIG nor HOME is set, so docker's settings cannot be found")
	}
	return filepath.Join(home, ".docker"), nil
}

// DefaultEndpoint is where docker's command line goes without any setting.
func DefaultEndpoint() string {
	if runtime.GOOS == "windows" {
		return "npipe:////./pipe/docker_engine"
	}
	return "unix:///var/run/docker.sock"
}

func metaFolder(dir string) string { return filepath.Join(dir, "contexts", "meta") }

// fileOf is where docker looks for a context of that name.
func fileOf(dir, name string) string {
	sum := sha256.Sum256([]byte(name))
	return filepath.Join(metaFolder(dir), hex.EncodeToString(sum[:]), "meta.json")
}

// List gives the contexts in docker's folder, and an error that joins what cannot be read.
func List(dir string) ([]Context, error) {
	folders, err := os.ReadDir(metaFolder(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list docker contexts: %w", err)
	}
	var all []Context
	var unread []error
	for _, f := range folders {
		c, err := read(filepath.Join(metaFolder(dir), f.Name(), "meta.json"))
		switch {
		case err == nil:
			all = append(all, c)
		case !errors.Is(err, fs.ErrNotExist):
			unread = append(unread, err)
		}
	}
	return all, errors.Join(unread...)
}

// Find gives the context of that name; an error that is fs.ErrNotExist says that there is none.
func Find(dir, name string) (Context, error) {
	if name == "" || name == Default {
		return Context{Name: Default, Endpoint: DefaultEndpoint()}, nil
	}
	return read(fileOf(dir, name))
}

func read(file string) (Context, error) {
	text, err := readRegular(file)
	if err != nil {
		return Context{}, fmt.Errorf("read a docker context: %w", err)
	}
	var s stored
	if err := json.Unmarshal(text, &s); err != nil {
		return Context{}, fmt.Errorf("read the docker context in %s: %w", file, err)
	}
	return Context{
		Name: s.Name, Description: s.Metadata.Description, Endpoint: s.Endpoints["docker"].Host,
		Owner: s.Metadata.BerthState, File: file,
	}, nil
}

// write stores a context as `docker context create` does.
func write(dir string, c Context) error {
	s := stored{Name: c.Name, Endpoints: map[string]storedEndpoint{"docker": {Host: c.Endpoint}}}
	s.Metadata.Description, s.Metadata.BerthState = c.Description, c.Owner
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode the docker context: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make docker's folder: %w", err)
	}
	file := fileOf(dir, c.Name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // as docker makes it
		return fmt.Errorf("make the folder of the docker context: %w", err)
	}
	if err := replace(file, text, 0o644, nil); err != nil {
		return fmt.Errorf("write the docker context: %w", err)
	}
	return nil
}

// erase removes a context and the folders that are empty without it. Certificates that somebody gave it stay.
func erase(dir, name string) error {
	file := fileOf(dir, name)
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the docker context: %w", err)
	}
	sweep(filepath.Dir(file)) // which no other instance writes to
	for _, folder := range []string{filepath.Dir(file), metaFolder(dir), filepath.Join(dir, "contexts")} {
		if err := os.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			break // there is something of others in it
		}
	}
	return nil
}
