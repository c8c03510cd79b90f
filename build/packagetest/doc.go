// Package packagetest holds the test of the packages: the .deb is installed into a Debian of its own, used, upgraded and
// purged. It needs root, mmdebstrap and a Debian mirror, so it has a build tag: `make test-package`.
package packagetest
