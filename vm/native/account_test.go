//go:build linux

package native

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/berth-desktop/berth/vm"
)

func TestWhatAMachineDoesNotGrantIsSaidWithTheCommandThatMendsIt(t *testing.T) {
	granted := map[string]string{"/etc/subuid": "ann:100000:65536\n", "/etc/subgid": "ann:100000:65536\n"}
	for name, c := range map[string]struct {
		files map[string]string
		tun   error
		hint  string // empty: all is well
	}{
		"all is well":               {files: granted},
		"ids by number":             {files: map[string]string{"/etc/subuid": "1000:1:65536", "/etc/subgid": "1000:1:65536"}},
		"ids kept elsewhere":        {files: map[string]string{"/etc/nsswitch.conf": "passwd: files\nsubid: sss\n"}},
		"no ids":                    {hint: "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ann"},
		"too few, and others' next": {files: map[string]string{"/etc/subuid": "ann:100000:10\nbob:200000:65536\n", "/etc/subgid": granted["/etc/subgid"]}, hint: "sudo usermod --add-subuids 265536-331071 ann"},
		"no user namespaces": {
			files: map[string]string{"/proc/sys/user/max_user_namespaces": "0\n"},
			hint:  "echo user.max_user_namespaces=28633 | sudo tee /etc/sysctl.d/99-rootless.conf && sudo sysctl --system",
		},
		"none for users": {
			files: map[string]string{"/proc/sys/kernel/unprivileged_userns_clone": "0\n"},
			hint:  "echo kernel.unprivileged_userns_clone=1 | sudo tee /etc/sysctl.d/99-rootless.conf && sudo sysctl --system",
		},
		"no tun":             {files: granted, tun: fs.ErrNotExist, hint: "sudo modprobe tun"},
		"tun for root alone": {files: granted, tun: fs.ErrPermission, hint: "sudo chmod 666 /dev/net/tun"},
	} {
		t.Run(name, func(t *testing.T) {
			a := account{name: "ann", uid: "1000", usable: func(string) error { return c.tun }, read: func(path string) ([]byte, error) {
				if text, ok := c.files[path]; ok {
					return []byte(text), nil
				}
				return nil, fs.ErrNotExist
			}}
			err := a.check()
			if (err != nil) != (c.hint != "") {
				t.Fatalf("got %v, want the hint %q", err, c.hint)
			}
			if err != nil && vm.FailureOf(err).Hint != c.hint {
				t.Errorf("hint %q, want %q", vm.FailureOf(err).Hint, c.hint)
			}
		})
	}
}

func TestWithoutRootNoFolderMayHaveASpace(t *testing.T) {
	err := layout{socket: "/run/s", data: "/home/ann/my data", run: "/run/r"}.checkWords()
	if err == nil || !strings.Contains(err.Error(), "/home/ann/my data") {
		t.Errorf("got %v", err)
	}
}
