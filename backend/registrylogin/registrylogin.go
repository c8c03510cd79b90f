// Package registrylogin finds what the user told docker's command line with `docker login`: in its config.json, or in the
// credential helper that stands there. Logins are secret. They are read for one pull or push, and neither stored nor logged.
package registrylogin

import (
	"context"
	"fmt"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"

	"github.com/berth-desktop/berth/backend/engine"
)

// hub is the key of Docker Hub's login, which is older than its API.
const hub = "https://index.docker.io/v1/"

// For is the login for the registry of an image, by docker's settings in dir; an empty one if there is none.
func For(ctx context.Context, dir, ref string) (engine.Login, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return engine.Login{}, fmt.Errorf("read the image's name %q: %w", ref, err)
	}
	key := reference.Domain(named)
	if key == "docker.io" {
		key = hub
	}
	type found struct {
		login engine.Login
		err   error
	}
	// A helper may ask the user something, and docker's library cannot be told to give up: it is left to itself then.
	answer := make(chan found, 1)
	go func() {
		login, err := read(dir, key)
		answer <- found{login, err}
	}()
	select {
	case f := <-answer:
		return f.login, f.err
	case <-ctx.Done():
		return engine.Login{}, ctx.Err()
	}
}

func read(dir, key string) (engine.Login, error) {
	settings, err := config.Load(dir)
	if err != nil {
		return engine.Login{}, fmt.Errorf("read docker's settings: %w", err)
	}
	a, err := settings.GetAuthConfig(key)
	if err != nil {
		return engine.Login{}, fmt.Errorf("ask docker's credential helper for %s: %w", key, err)
	}
	return engine.Login{Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken}, nil
}
