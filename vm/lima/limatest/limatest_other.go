//go:build !linux

// Package limatest stands in for QEMU, for tests, on Linux.
package limatest
