package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

// What a script keeps by these keys: its test, and the registry that it has started.
type (
	underTest   struct{}
	itsRegistry struct{}
)

// registry: starts an image registry for the rest of the script, and sets REGISTRY to its part of a name.
func registry(ts *testscript.TestScript, neg bool, args []string) {
	t, ok := ts.Value(underTest{}).(testing.TB)
	if neg || len(args) != 0 || !ok {
		ts.Fatalf("usage: registry")
	}
	r := enginetest.StartRegistry(t, false)
	ts.Setenv("REGISTRY", r.Host)
	running, ok := ts.Value(itsRegistry{}).(*running)
	if !ok {
		ts.Fatalf("the script has no room for a registry")
	}
	running.Registry = r
}

// running holds the registry that a script has started, if it has.
type running struct{ *enginetest.Registry }

func started(ts *testscript.TestScript) *enginetest.Registry {
	running, ok := ts.Value(itsRegistry{}).(*running)
	if !ok || running.Registry == nil {
		ts.Fatalf("no registry was started")
	}
	return running.Registry
}

// stall: has the registry hold up layers in their middle.
func stall(ts *testscript.TestScript, _ bool, _ []string) { started(ts).Stall() }

// flow: ends a stall.
func flow(ts *testscript.TestScript, _ bool, _ []string) { started(ts).Flow() }
