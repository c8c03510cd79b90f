package enginetest

import (
	"os"
	"os/exec"
)

// What `make test-engines` chooses an engine by.
const (
	// EnvRoot names the folder of a system of its own, whose dockerd is to be used instead of the machine's.
	EnvRoot = "BERTH_TEST_ENGINE"
	// EnvContainerdStore has the engine keep its images in containerd, if it is not empty.
	EnvContainerdStore = "BERTH_TEST_CONTAINERD_STORE"
)

// enter makes a folder the root of a mount namespace that ends with the last process in it, with the machine's kernel
// interfaces and the test's folder inside, and becomes dockerd there. A chroot would not do: container runtimes remount
// their root, which must be a mount for that.
const enter = `set -e
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
for dir in proc sys dev tmp; do
  mkdir -p "$root/$dir"
  mount --rbind "/$dir" "$root/$dir"
done
mkdir -p "$root/before"
cd "$root"
pivot_root . before
exec chroot . sh -c 'umount -l /before && exec dockerd "$@"' dockerd "$@"`

// command is the daemon, which keeps the process ID that it begins with.
func (d *Daemon) command() *exec.Cmd {
	root := os.Getenv(EnvRoot)
	if root == "" {
		return exec.Command("dockerd", d.arguments()...) //nolint:noctx // it ends in Cleanup, when the test's context has ended already
	}
	args := append([]string{"--mount", "sh", "-c", enter, "enter", root}, d.arguments()...)
	return exec.Command("unshare", args...) //nolint:noctx // as above
}

// settings are the daemon's own file.
func settings() []byte {
	if os.Getenv(EnvContainerdStore) == "" {
		return []byte("{}")
	}
	return []byte(`{"features":{"containerd-snapshotter":true}}`)
}
