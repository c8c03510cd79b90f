// Package native houses a dockerd that Berth supervises itself, on Linux.
//
// It works beside a Docker that is installed and touches nothing of it: the engine has a socket, a data root, an exec
// root, a containerd, a bridge and firewall chains of its own. Its processes are found by the folders on their command
// lines, never by a pid from a file, so that they can be adopted after the daemon was killed and no stranger is ended.
package native

import (
	"log/slog"
)

// Config is where one engine lives. All paths are absolute and belong to this engine alone.
type Config struct {
	// Socket is where docker clients reach the engine. Its folder must keep other users out.
	Socket string
	// Data holds images, containers and volumes.
	Data string
	// Run holds what does not outlive a restart of the machine: sockets, state of running containers.
	Run string
	// Log is the engine's log.
	Log string
	// Dockerd is the program; empty means the one that is installed.
	Dockerd string
	Logger  *slog.Logger
}
