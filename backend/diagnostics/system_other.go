//go:build !linux

package diagnostics

// systemChecks are those of Linux alone; other systems have the engine in a virtual machine.
func systemChecks() []check { return nil }

// enginesOf finds none: only on Linux does Berth run an engine itself.
func enginesOf(string) []int { return nil }
