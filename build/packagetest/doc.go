// Package packagetest holds the test of the packages: the .deb is installed into a Debian that runs apart from this machine,
// runs containers there with an engine of Berth's own, and is upgraded and purged. It needs root,
// mmdebstrap and a Debian mirror, so it has a build tag: `make test-package`.
package packagetest
