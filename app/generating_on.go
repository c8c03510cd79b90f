//go:build bindings

package app

// generating says that Wails builds its bindings: it then runs us, and nothing may be locked, opened or started.
const generating = true
