package native

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/berth-desktop/berth/vm"
)

const (
	// maxSocket is what sun_path holds on Linux, without its final NUL.
	maxSocket = 107
	// longestSocket is the longest name that an engine makes below its run folder.
	longestSocket = "/exec/libnetwork/0123456789ab.sock"
)

// layout says where things are inside of the folders of an engine.
type layout struct {
	socket, data, run, log string
}

func newLayout(c Config) layout {
	return layout{socket: filepath.Clean(c.Socket), data: filepath.Clean(c.Data), run: filepath.Clean(c.Run), log: filepath.Clean(c.Log)}
}

func (l layout) endpoint() string         { return "unix://" + l.socket }
func (l layout) dataRoot() string         { return filepath.Join(l.data, "docker") }
func (l layout) containerdRoot() string   { return filepath.Join(l.data, "containerd") }
func (l layout) execRoot() string         { return filepath.Join(l.run, "exec") }
func (l layout) pidFile() string          { return filepath.Join(l.run, "docker.pid") }
func (l layout) dockerdConfig() string    { return filepath.Join(l.run, "daemon.json") }
func (l layout) containerdConfig() string { return filepath.Join(l.run, "containerd.toml") }
func (l layout) containerdSocket() string { return filepath.Join(l.run, "containerd.sock") }
func (l layout) containerdState() string  { return filepath.Join(l.run, "containerd") }
func (l layout) ownContainerdPid() string {
	return filepath.Join(l.execRoot(), "containerd", "containerd.pid")
}
func (l layout) links() string { return filepath.Join(l.run, "links.json") }

// mark is a short name for what an engine owns outside of its folders: its bridge and firewall chains. Two engines
// have two data folders, so they have two marks.
func (l layout) mark() string {
	sum := sha256.Sum256([]byte(l.data))
	return hex.EncodeToString(sum[:4])
}

// check refuses what would make a removal dangerous.
func (l layout) check() error {
	for _, p := range []string{l.socket, l.data, l.run, l.log} {
		if !filepath.IsAbs(p) || filepath.Dir(p) == p {
			return fmt.Errorf("%q cannot be a place of an engine: it must be an absolute path below the root", p)
		}
	}
	return nil
}

// checkSockets refuses folders in which the engine could not make its sockets; its own words would not say why.
func (l layout) checkSockets() error {
	longest := max(len(l.socket), len(l.run)+len(longestSocket))
	if longest <= maxSocket {
		return nil
	}
	return &vm.Failure{
		Message: fmt.Sprintf("The path %s is too long for the engine's sockets", l.run),
		Hint:    fmt.Sprintf("Set BERTH_HOME to a folder whose name is at least %d characters shorter", longest-maxSocket),
	}
}

// prepare makes the folders and the files that the engine's programs read. Nobody else may look into them.
func (l layout) prepare() error {
	for _, dir := range []string{filepath.Dir(l.socket), l.data, l.run, filepath.Dir(l.log), l.dataRoot(), l.containerdRoot()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return folderFailure(dir, err)
		}
	}
	config, err := l.dockerdJSON()
	if err != nil {
		return err
	}
	if err := os.WriteFile(l.dockerdConfig(), config, 0o600); err != nil {
		return folderFailure(l.run, err)
	}
	if err := os.WriteFile(l.containerdConfig(), []byte(l.containerdTOML()), 0o600); err != nil {
		return folderFailure(l.run, err)
	}
	return nil
}

// dockerdJSON stands for the installed Docker's /etc/docker/daemon.json, which is not for this engine: it may contradict
// the command line. Dockers before 25 make a key that they take their ID from, in the installed one's folder unless they
// are told another place, for which there is no flag; later ones ignore it.
func (l layout) dockerdJSON() ([]byte, error) {
	config, err := json.Marshal(map[string]string{"deprecated-key-path": filepath.Join(l.dataRoot(), "key.json")})
	if err != nil {
		return nil, fmt.Errorf("write dockerd's configuration: %w", err)
	}
	return append(config, '\n'), nil
}

// containerdTOML keeps containerd to our folders and to the plugins that dockerd uses. /opt/containerd is a default
// that it would make.
func (l layout) containerdTOML() string {
	return fmt.Sprintf(`version = 2
root = %q
state = %q
disabled_plugins = [
  "io.containerd.grpc.v1.cri",
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]

[grpc]
  address = %q

[debug]
  level = "warn"
`, l.containerdRoot(), l.containerdState(), l.containerdSocket())
}

func folderFailure(dir string, err error) error {
	f := &vm.Failure{Message: fmt.Sprintf("Berth cannot write to %s", dir), Err: err, Hint: "Look at the folder's owner and at the disk"}
	switch {
	case errors.Is(err, fs.ErrPermission):
		f.Hint = fmt.Sprintf("Give the folder to yourself: sudo chown -R \"$USER\" %s", quote(dir))
	case isDiskFull(err.Error()):
		f.Hint = "Free some space on that disk, then start again"
	}
	return f
}

// quote makes a path safe to paste into a shell.
func quote(path string) string { return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'" }
