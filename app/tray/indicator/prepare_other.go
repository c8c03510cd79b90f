//go:build desktop && !linux

package indicator

// prepare has nothing to do: only on Linux do icons reach the panel as files of their own.
func prepare(string) error { return nil }
