// Package docstest holds the tests of what people read: every command in README.md and docs/ is run against a real daemon
// and a real engine, and every link leads somewhere.
//
// A block of commands is fenced as "sh". Its blocks run in the order of the page, in one shell that ends at the first
// failure. A second word says why a block cannot be run here: needs-desktop, needs-download, needs-root, needs-source,
// needs-terminal or needs-two-engines; "loses-data" that it would.
package docstest
