// Package bench measures the shipped daemon from outside, on a real dockerd, beside a bare client in the same run.
// `make bench` prints the figures; docs/benchmarks.md holds a table of them. Nothing here can fail on a slow day.
package bench
