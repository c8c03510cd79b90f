// Package desktoptest drives what is shipped on a real desktop: the daemon, the window and the tray on a display, a
// session bus and a panel of their own. Its tests need the build tag desktop and the programs in bin; run them with
// `make test-desktop`.
package desktoptest
