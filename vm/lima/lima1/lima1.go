// Package lima1 speaks Lima 1.2: it is the one place that imports it, for the program berth-lima. What it is asked
// comes as a verb, and it answers in lines of JSON: first what Lima says, in the end one Answer.
package lima1

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/lima-vm/lima/pkg/downloader"
	"github.com/lima-vm/lima/pkg/imgutil/proxyimgutil"
	"github.com/lima-vm/lima/pkg/instance"
	"github.com/lima-vm/lima/pkg/limayaml"
	"github.com/lima-vm/lima/pkg/store"
	"github.com/lima-vm/lima/pkg/store/filenames"
	"github.com/lima-vm/lima/pkg/version"
	"github.com/sirupsen/logrus"
)

// Answer is the last line of each verb but hostagent.
type Answer struct {
	// Done tells it from the lines before.
	Done  bool   `json:"done"`
	Error string `json:"error,omitempty"`
	// Of inspect.
	Status       string   `json:"status,omitempty"`
	Errors       []string `json:"errors,omitempty"`
	Dir          string   `json:"dir,omitempty"`
	SSHLocalPort int      `json:"sshLocalPort,omitempty"`
	// Of prepare.
	GuestAgent string `json:"guestAgent,omitempty"`
	GUI        bool   `json:"gui,omitempty"`
}

// Run does what args ask: validate | create NAME | disk NAME BYTES | prepare NAME | inspect NAME | stop NAME |
// kill NAME | delete NAME | hostagent … NAME. It returns the exit code.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if version.Version == "<unknown>" {
		version.Version = Version // Lima compares it with what a template wants
	}
	downloader.HideProgress = true
	if len(args) > 0 && args[0] == "hostagent" {
		if err := hostAgent(ctx, args[1:], stdout, stderr); err != nil {
			logrus.Error(err)
			return 1
		}
		return 0
	}
	logrus.SetOutput(stdout)
	logrus.SetFormatter(new(logrus.JSONFormatter))
	a, err := ask(ctx, args, stdin)
	a.Done = true
	code := 0
	if err != nil {
		a.Error, code = err.Error(), 1
	}
	if err := json.NewEncoder(stdout).Encode(a); err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	return code
}

// Version is Lima's.
const Version = "1.2.2"

func ask(ctx context.Context, args []string, stdin io.Reader) (Answer, error) {
	switch {
	case len(args) == 1 && args[0] == "validate":
		text, err := io.ReadAll(stdin)
		if err != nil {
			return Answer{}, err
		}
		return Answer{}, validate(text)
	case len(args) == 2 && args[0] == "create":
		text, err := io.ReadAll(stdin)
		if err != nil {
			return Answer{}, err
		}
		return Answer{}, create(ctx, args[1], text)
	case len(args) == 3 && args[0] == "disk":
		size, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return Answer{}, err
		}
		return Answer{}, disk(args[1], size)
	case len(args) == 2:
		return askOf(ctx, args[0], args[1])
	}
	return Answer{}, fmt.Errorf("no such verb: %q", args)
}

func askOf(ctx context.Context, verb, name string) (Answer, error) {
	inst, err := store.Inspect(name)
	if err != nil {
		return Answer{}, err
	}
	switch verb {
	case "prepare":
		return prepare(ctx, inst)
	case "inspect":
		a := Answer{Status: inst.Status, Dir: inst.Dir, SSHLocalPort: inst.SSHLocalPort}
		for _, e := range inst.Errors {
			a.Errors = append(a.Errors, e.Error())
		}
		return a, nil
	case "stop":
		return Answer{}, instance.StopGracefully(ctx, inst, false)
	case "kill":
		instance.StopForcibly(inst)
		return Answer{}, nil
	case "delete":
		return Answer{}, instance.Delete(ctx, inst, true)
	}
	return Answer{}, fmt.Errorf("no such verb: %q", verb)
}

// validate does what creating would do before it touches a disk.
func validate(text []byte) error {
	dir, err := store.InstanceDir("validated")
	if err != nil {
		return err
	}
	y, err := limayaml.LoadWithWarnings(text, filepath.Join(dir, filenames.LimaYAML))
	if err != nil {
		return err
	}
	return errors.Join(limayaml.Validate(y, true), keepable(y.AdditionalDisks))
}

// keepable refuses disks that Lima 1.2 would format at each boot: it looks for a label that the file system has cut.
// https://github.com/lima-vm/lima/issues/5407
func keepable(disks []limayaml.Disk) error {
	var errs []error
	for _, d := range disks {
		longest := 11 - len(labelPrefix) // of the shortest labels, vfat's
		switch {
		case d.Format != nil && !*d.Format, d.FSType != nil && *d.FSType == "btrfs":
			continue
		case d.FSType == nil || strings.HasPrefix(*d.FSType, "ext"):
			longest = 16 - len(labelPrefix)
		}
		if len(d.Name) > longest {
			errs = append(errs, fmt.Errorf("additionalDisks: %q is longer than %d letters, and Lima would format it at each boot: choose a shorter name", d.Name, longest))
		}
	}
	return errors.Join(errs...)
}

const labelPrefix = "lima-"

// create makes the instance, or gives the one that there is a new template. One that could not be made leaves nothing.
func create(ctx context.Context, name string, text []byte) error {
	dir, err := store.InstanceDir(name)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, filenames.LimaYAML)
	if err := validate(text); err != nil {
		return err
	}
	if _, err := os.Stat(file); err == nil {
		return replace(file, text)
	}
	if err := os.RemoveAll(dir); err != nil { // half of one, from a run that was killed
		return err
	}
	if _, err := instance.Create(ctx, name, text, false); err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	return nil
}

func replace(file string, text []byte) error {
	next := file + ".tmp"
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, file)
}

// prepare downloads and makes what a start needs. Disks that were begun and not finished are removed: Lima would take
// half a disk for a whole one.
func prepare(ctx context.Context, inst *store.Instance) (Answer, error) {
	parts := []string{filenames.BaseDisk, filenames.DiffDisk, filenames.Kernel, filenames.KernelCmdline, filenames.Initrd}
	_, err := os.Stat(filepath.Join(inst.Dir, filenames.DiffDisk))
	whole := err == nil
	p, err := instance.Prepare(ctx, inst)
	if err != nil {
		if !whole {
			for _, part := range parts {
				err = errors.Join(err, os.RemoveAll(filepath.Join(inst.Dir, part)))
			}
		}
		return Answer{}, err
	}
	return Answer{GuestAgent: p.GuestAgent, GUI: p.Driver.CanRunGUI(), Dir: inst.Dir}, nil
}

// disk makes an additional disk, or lets the one that there is grow. It never shrinks one.
func disk(name string, size int64) error {
	dir, err := store.DiskDir(name)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, filenames.DataDisk)
	util := proxyimgutil.NewDiskUtil()
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		if err := util.CreateDisk(file, size); err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		return nil
	}
	d, err := store.InspectDisk(name)
	if err != nil {
		return err
	}
	if d.Size >= size {
		return nil
	}
	return util.ResizeDisk(file, size)
}
