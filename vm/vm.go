// Package vm is the contract of the engines' houses: a Docker daemon that Berth supervises (vm/native), an engine
// that is already there (vm/host), a virtual machine (vm/lima). It imports the standard library only.
package vm

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Phase is what a driver observed of its machine.
type Phase string

// The phases.
const (
	// Absent: there is no machine; Create makes one.
	Absent Phase = "Absent"
	// Stopped: the machine exists and is down because it was stopped, or was never started.
	Stopped Phase = "Stopped"
	// Starting: a Start is on its way.
	Starting Phase = "Starting"
	// Running: the machine is up and its engine answers at State.Endpoint.
	Running Phase = "Running"
	// Stopping: a Stop is on its way.
	Stopping Phase = "Stopping"
	// Crashed: the machine went down and nobody asked for it.
	Crashed Phase = "Crashed"
)

// State is one observation of a machine.
type State struct {
	Phase Phase
	// Endpoint is the address that docker clients use, such as unix:///…/docker.sock. It is set while Running.
	Endpoint string
	// Failure says why the machine crashed.
	Failure *Failure
	// Warning says what works less well than it should while the machine is up, in the user's words, a line each.
	Warning string
}

// Reason is one word for what went wrong.
type Reason string

// The reasons.
const (
	// PermissionDenied: this user may not speak to the engine.
	PermissionDenied Reason = "PermissionDenied"
	// VersionMismatch: the engine is too old for Berth.
	VersionMismatch Reason = "VersionMismatch"
)

// Failure explains what went wrong to the person who has to act on it. It is an error.
type Failure struct {
	// Reason tells apart what calls for something else than one more attempt; it is empty for all the rest.
	Reason Reason
	// Message is what happened, in the user's words.
	Message string
	// Hint is the next thing to do.
	Hint string
	// LogTail is the end of the log that explains it, at most 20 lines.
	LogTail []string
	// Err is the cause; it may be nil.
	Err error
}

// Error implements error.
func (f *Failure) Error() string {
	if f.Err == nil {
		return f.Message
	}
	return fmt.Sprintf("%s: %v", f.Message, f.Err)
}

// Unwrap gives the cause.
func (f *Failure) Unwrap() error { return f.Err }

// FailureOf finds the Failure in err, or makes one that says no more than err does.
func FailureOf(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Message: err.Error(), Err: err}
}

// Step is progress of a Start, named for people ("Starting Docker"). A driver reports the same Name again to update
// it; reporting the next one ends the one before.
type Step struct {
	Name    string
	Message string
	At      time.Time
	// Within is how long the step may take before the start is given up; zero leaves that to whoever asked for the start.
	Within time.Duration
}

// Teller is a Driver whose engine keeps a log.
type Teller interface {
	// LogTail is the end of that log since the last start, at most 20 lines; none if it cannot be read.
	LogTail() []string
}

// Driver houses one engine. Its methods may be called from any goroutine; calls that change the machine are
// serialized by the driver. Cancelling the context of a Start abandons it and leaves the machine stopped.
type Driver interface {
	// Create makes the machine. It returns nil when there is one.
	Create(ctx context.Context) error
	// Start brings the machine up, or adopts the one that runs, and returns once its engine answers.
	// It returns nil when the machine is up. report may be nil; it is called from Start's goroutine.
	Start(ctx context.Context, report func(Step)) error
	// Stop brings the machine down gracefully, by force once its grace is over. It returns nil when it is down.
	Stop(ctx context.Context) error
	// Kill brings the machine down at once.
	Kill(ctx context.Context) error
	// Delete removes the machine and all of its data. It returns nil when there is none.
	Delete(ctx context.Context) error
	// Inspect observes the machine now. It asks the machine, not a stored flag.
	Inspect(ctx context.Context) (State, error)
	// Watch calls observe with the present state and then with each change, until ctx ends, whose error it returns.
	// Calls are serialized; a slow observer sees the newest state, not each one.
	Watch(ctx context.Context, observe func(State)) error
}
