//go:build linux

package lima_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/berth-desktop/berth/vm/lima"
)

func shape() lima.Shape {
	return lima.Shape{
		CPUs: 2, MemoryBytes: 2 << 30, DiskBytes: 20 << 30,
		Mounts: []lima.Mount{{Path: "/b", Writable: true}, {Path: "/a # b: c"}},
		Image: lima.Image{
			Arch: "x86_64", Disk: "/images/disk.qcow2", Kernel: "/images/vmlinuz", Initrd: "/images/initrd", Cmdline: "root=/dev/vda",
		},
	}
}

func TestTemplateSaysWhatTheShapeSays(t *testing.T) {
	s := shape()
	s.Accelerator, s.Socket = lima.TCG, "/run/berth/docker.sock"
	text, err := lima.Template(s)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := yaml.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, long := range []string{"provision", "probes", "user", "portForwards"} {
		delete(got, long)
	}
	want := map[string]any{
		"minimumLimaVersion": "1.2.0", "vmType": "qemu", "arch": "x86_64", "cpus": 2.0, "memory": "2048MiB", "disk": "8GiB",
		"images": []any{map[string]any{
			"location": "/images/disk.qcow2", "arch": "x86_64", "initrd": map[string]any{"location": "/images/initrd"},
			"kernel": map[string]any{"location": "/images/vmlinuz", "cmdline": "root=/dev/vda"},
		}},
		"mounts": []any{
			map[string]any{"location": "/a # b: c", "writable": false}, map[string]any{"location": "/b", "writable": true},
		},
		"mountType": "reverse-sshfs", "cpuType": map[string]any{"x86_64": "max,-cx16,-la57"},
		"containerd": map[string]any{"system": false, "user": false}, "video": map[string]any{"display": "none"},
		"ssh":             map[string]any{"loadDotSSHPubKeys": false, "forwardAgent": false},
		"firmware":        map[string]any{"legacyBIOS": true},
		"additionalDisks": []any{map[string]any{"name": "data", "format": true, "fsType": "ext4"}},
		"param":           map[string]any{"dataBytes": "21474836480", "dataDisk": "data"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
	if !strings.Contains(string(text), "hostSocket: /run/berth/docker.sock") {
		t.Errorf("the engine's socket is not forwarded:\n%s", text)
	}
}

func TestTemplateRefusesWhatNoMachineCanBe(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*lima.Shape)
		says   string
	}{
		{"no CPU", func(s *lima.Shape) { s.CPUs = 0 }, "one CPU"},
		{"little memory", func(s *lima.Shape) { s.MemoryBytes = 1 << 20 }, "512 MiB"},
		{"little disk", func(s *lima.Shape) { s.DiskBytes = 1 << 20 }, "1 GiB"},
		{"no image", func(s *lima.Shape) { s.Image = lima.Image{} }, "image"},
		{"a disk that Lima would format", func(s *lima.Shape) { s.Data = "twelve-chars" }, "longer than 11"},
		{"a relative mount", func(s *lima.Shape) { s.Mounts = []lima.Mount{{Path: "home"}} }, "absolute"},
		{"a mount that Lima would expand", func(s *lima.Shape) { s.Mounts = []lima.Mount{{Path: "/{{.Home}}"}} }, "brace"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := shape()
			c.change(&s)
			if _, err := lima.Template(s); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want an error that says %q", err, c.says)
			}
		})
	}
}

func TestLimaTakesOurTemplates(t *testing.T) {
	public, ok := lima.PublicImage("x86_64")
	if !ok {
		t.Fatal("no public image for x86_64")
	}
	bare := shape()
	bare.Image = public
	slow := shape()
	slow.Accelerator = lima.TCG
	for name, s := range map[string]lima.Shape{"built": shape(), "public": bare, "translated": slow} {
		text, err := lima.Template(s)
		if err != nil {
			t.Fatal(err)
		}
		if err := lima.ValidateWith(t.Context(), helperProgram(t), text); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
	err := lima.ValidateWith(t.Context(), helperProgram(t), []byte("cpus: many\n"))
	if err == nil || !strings.Contains(err.Error(), "cpus") {
		t.Errorf("a template with many CPUs gives %v", err)
	}
	long := shape()
	long.Data = "eleven-char"
	text, err := lima.Template(long)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.ReplaceAll(text, []byte(long.Data), []byte("twelve-chars")) // Lima formats it at each boot
	if err := lima.ValidateWith(t.Context(), helperProgram(t), text); err == nil || !strings.Contains(err.Error(), "shorter name") {
		t.Errorf("a disk that does not keep its data gives %v", err)
	}
	err = lima.ValidateWith(t.Context(), filepath.Join(t.TempDir(), "none"), nil)
	if err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("without the helper: %v", err)
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("HOME"), ".lima", "validated")); err == nil {
		t.Error("validating left something behind")
	}
}

// A package puts links on the PATH.
func TestHelperIsFoundWhereItLies(t *testing.T) {
	lib, bin := t.TempDir(), t.TempDir()
	program := filepath.Join(lib, lima.HelperName)
	if err := os.WriteFile(program, nil, 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(bin, lima.HelperName)); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin)
	found, err := lima.FindHelper("")
	if err != nil || found != program {
		t.Errorf("found %q, %v, want %q", found, err, program)
	}
}
