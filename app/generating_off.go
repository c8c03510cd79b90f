//go:build !bindings

package app

// generating says that Wails builds its bindings; see generating_on.go.
const generating = false
