package lima

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// layout knows the files of one machine, as Lima names them.
type layout struct {
	home, name, dir, socket string
}

func newLayout(cfg Config) layout {
	l := layout{home: cfg.Home, name: cfg.Name, dir: filepath.Join(cfg.Home, cfg.Name), socket: cfg.Socket}
	if l.socket == "" {
		l.socket = filepath.Join(l.dir, "docker.sock")
	}
	return l
}

func (l layout) in(name string) string { return filepath.Join(l.dir, name) }
func (l layout) template() string      { return l.in("lima.yaml") }
func (l layout) events() string        { return l.in("ha.stdout.log") }
func (l layout) agentLog() string      { return l.in("ha.stderr.log") }
func (l layout) console() string       { return l.in("serial.log") }
func (l layout) agentPID() string      { return l.in("ha.pid") }
func (l layout) qemuPID() string       { return l.in("qemu.pid") }
func (l layout) sshConfig() string     { return l.in("ssh.config") }
func (l layout) endpoint() string      { return "unix://" + l.socket }
func (l layout) guestName() string {
	return "lima-" + strings.NewReplacer(".", "-", "_", "-").Replace(l.name)
}
func (l layout) imageMark() string { return l.in("berth-image") }

func (l layout) disk(name string) string { return filepath.Join(l.home, "_disks", name) }

// exists says whether the machine was made.
func (l layout) exists() bool {
	_, err := os.Stat(l.template())
	return err == nil
}

// systemFiles are those that are made of the image, and made anew when there is another one.
func (l layout) systemFiles() []string {
	return []string{l.in("diffdisk"), l.in("basedisk"), l.in("kernel"), l.in("kernel.cmdline"), l.in("initrd"), l.imageMark()}
}

// sweep removes what processes leave behind that did not end in order. Nothing may run.
func (l layout) sweep(disk string) error {
	var errs []error
	found, err := os.ReadDir(l.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, f := range found {
		switch filepath.Ext(f.Name()) {
		case ".pid", ".sock", ".tmp":
			errs = append(errs, remove(l.in(f.Name())))
		}
	}
	if disk != "" {
		errs = append(errs, remove(filepath.Join(l.disk(disk), "in_use_by")))
	}
	return errors.Join(append(errs, remove(l.socket))...)
}

func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// numberIn reads a process' number from a file; 0 if there is none.
func numberIn(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || n <= 1 {
		return 0
	}
	return n
}

// wanted is what the driver needs to know of a template.
type wanted struct {
	VMType string `json:"vmType"`
	Images []struct {
		Location string `json:"location"`
		Arch     string `json:"arch"`
		Digest   string `json:"digest"`
		Kernel   *struct {
			Location string `json:"location"`
		} `json:"kernel"`
	} `json:"images"`
	Param map[string]string `json:"param"`
}

func read(template []byte) (wanted, error) {
	var w wanted
	err := yaml.Unmarshal(template, &w)
	return w, err
}

// kernel is the file that would be booted directly; empty if the disk has its own way.
func (w wanted) kernel() string {
	if len(w.Images) == 0 || w.Images[0].Kernel == nil || !filepath.IsAbs(w.Images[0].Kernel.Location) {
		return ""
	}
	return w.Images[0].Kernel.Location
}

// image tells one system disk from another: by its digest, or by the place, size and time of the file.
func (w wanted) image() string {
	if len(w.Images) == 0 {
		return ""
	}
	i := w.Images[0]
	mark := i.Location + " " + i.Digest
	if st, err := os.Stat(i.Location); err == nil {
		mark += " " + strconv.FormatInt(st.Size(), 10) + " " + st.ModTime().UTC().String()
	}
	return mark
}

func (w wanted) data() (name string, size int64) {
	size, err := strconv.ParseInt(w.Param[dataBytes], 10, 64)
	if err != nil {
		return "", 0 // a template of somebody's own
	}
	return w.Param[dataDisk], size
}

// present is what the machine was last given.
func (l layout) present() wanted {
	text, err := os.ReadFile(l.template())
	if err != nil {
		return wanted{}
	}
	w, err := read(text)
	if err != nil {
		return wanted{}
	}
	return w
}
