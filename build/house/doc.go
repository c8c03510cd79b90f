// Package house holds the tests that keep the house as ARCHITECTURE.md draws it: who may import whom, also through
// others; that every path it names exists; that rooms have a sign at the door and are not too full.
package house
