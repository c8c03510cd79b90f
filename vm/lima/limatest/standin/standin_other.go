//go:build !linux

// Command standin stands in for QEMU, on Linux.
package main

func main() {}
