package controllers

import (
	"context"

	"github.com/berth-desktop/berth/backend/engine"
)

// Engine gives the engine that a namespace mirrors, or an error that tells the user what to do first.
func (c *Controllers) Engine(ctx context.Context, namespace string) (*engine.Client, error) {
	return locator{apps: c.cfg.Apps, engines: c.cfg.Engines}.engine(ctx, namespace)
}
