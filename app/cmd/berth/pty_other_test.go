//go:build !linux

package main

import "github.com/rogpeppe/go-internal/testscript"

func pty(ts *testscript.TestScript, _ bool, _ []string) { ts.Fatalf("terminals are tried on Linux") }
