// Package memstore is an in-memory storage.Interface for k8s.io/apiserver.
//
// The mirror of an engine is derived state: it is read anew at every start, so no disk should pay for it. Objects are
// kept decoded and are never changed once stored. Every version is an object of its own, so a reader takes a pointer
// under the lock and copies after it, and a watch can hold an old version for as long as it likes.
//
// A Backend counts versions for all resources of the process; a Store holds one resource: an ordered tree, a bounded
// history of events, and the watches that read it. Kinds that must outlive the process are given a Persister (Files).
package memstore

import "sync/atomic"

// Backend owns the one resource version counter of a process. All Stores of one API server share it, as all kinds in
// one etcd would: clients may compare versions across kinds.
type Backend struct{ version atomic.Uint64 }

// NewBackend starts counting after first. A version must never be given out twice with different meanings, so a
// process has to start above everything that an earlier one gave out: the clock's microseconds do, because no process
// makes a million writes a second over its whole life.
func NewBackend(first uint64) *Backend {
	b := &Backend{}
	b.version.Store(first)
	return b
}

// Bump uses up one version and returns it.
func (b *Backend) Bump() uint64 { return b.version.Add(1) }

// Current is the newest version that was given out.
func (b *Backend) Current() uint64 { return b.version.Load() }
