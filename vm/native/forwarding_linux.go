package native

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// forwarding is the switch of the whole machine that dockerd turns on: whether it passes packets on at all.
const forwarding = "/proc/sys/net/ipv4/ip_forward"

// forwarded is where it is noted that the machine did not forward before this engine was started.
func (l layout) forwarded() string { return filepath.Join(l.run, "not-forwarding") }

// noteForwarding is called before dockerd starts. A note that is there already is an engine's that was killed: the
// switch is as that one left it.
func (l layout) noteForwarding() error {
	now, err := os.ReadFile(forwarding)
	if err != nil || !bytes.Equal(bytes.TrimSpace(now), []byte("0")) {
		return err
	}
	return os.WriteFile(l.forwarded(), nil, 0o600)
}

// restoreForwarding turns the switch off again, if this engine's dockerd has turned it on and no other Docker in this
// network needs it by now.
func (l layout) restoreForwarding() error {
	if _, err := os.Stat(l.forwarded()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	others, err := otherDockers()
	if err != nil {
		return err
	}
	if !others {
		if err := os.WriteFile(forwarding, []byte("0\n"), 0o644); err != nil { //nolint:gosec // the mode of a switch of the kernel is the kernel's
			return fmt.Errorf("let the machine forward no more: %w", err)
		}
	}
	return os.Remove(l.forwarded())
}

// otherDockers says whether a dockerd runs in our network. It is called once ours has ended.
func otherDockers() (bool, error) {
	pids, err := allPids()
	if err != nil {
		return false, err
	}
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return false, fmt.Errorf("find our network: %w", err)
	}
	for _, pid := range pids {
		dir := "/proc/" + strconv.Itoa(pid)
		name, err := os.ReadFile(dir + "/comm")
		if err != nil || string(bytes.TrimSpace(name)) != "dockerd" {
			continue
		}
		if theirs, err := os.Readlink(dir + "/ns/net"); err == nil && theirs == ours {
			return true, nil
		}
	}
	return false, nil
}
