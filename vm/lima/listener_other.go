//go:build !linux

package lima

// listenerOn would name the program that listens on a local port; only Linux tells without further rights.
func listenerOn(string) string { return "" }
