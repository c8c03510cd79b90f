package backend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/pbnjay/memory"
	"k8s.io/apimachinery/pkg/types"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/controllers/limavm"
	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/host"
	"github.com/berth-desktop/berth/vm/image"
	"github.com/berth-desktop/berth/vm/lima"
	"github.com/berth-desktop/berth/vm/native"
)

// computer is what this one has.
type computer struct {
	cpus   int
	memory int64
	home   string
}

func thisComputer() computer {
	home, _ := os.UserHomeDir()                                                              // without one, none is protected
	return computer{cpus: runtime.NumCPU(), memory: int64(memory.TotalMemory()), home: home} //nolint:gosec // no computer has more
}

// defaultProvider is what a user gets who chose none: an engine of our own where one is installed, else the one that
// answers, else a machine.
func defaultProvider(ctx context.Context, cfg Config) appv1.Provider {
	if native.Available() == nil {
		return appv1.ProviderNative
	}
	limited, cancel := context.WithTimeout(ctx, time.Second) // the API waits for it, once in an instance's life
	defer cancel()
	there := attach(cfg, "")
	err := there.Start(limited, nil)
	if off := there.Stop(context.WithoutCancel(ctx)); off != nil {
		cfg.Log.Warn("An engine that was tried out could not be let go of", "error", off)
	}
	if err == nil {
		return appv1.ProviderHost
	}
	if _, err := lima.FindHelper(""); err != nil {
		return appv1.ProviderHost
	}
	return appv1.ProviderLima
}

func attach(cfg Config, endpoint string) *host.Driver {
	return host.New(host.Config{
		Host: endpoint, Getenv: cfg.Getenv, Socket: cfg.Paths.RemoteSocket(), Logger: cfg.Log.With("component", "host"),
	})
}

// drivers gives the driver of the house that an engine lives in. There is one native driver, because it alone knows
// which deaths of its engine were wanted. A machine is driven through its LimaVM.
func drivers(cfg Config, api *apiserver.Server) func(appv1.ContainerEngine, appv1.VM) (vm.Driver, error) {
	own := native.New(native.Config{
		Socket: cfg.Paths.EngineSocket(),
		Data:   cfg.Paths.EngineData(),
		Run:    cfg.Paths.EngineRun(),
		Log:    cfg.Paths.EngineLog(),
		Logger: cfg.Log.With("component", "native"),
	})
	return func(e appv1.ContainerEngine, v appv1.VM) (vm.Driver, error) {
		switch e.Provider {
		case appv1.ProviderNative:
			return own, nil
		case appv1.ProviderHost:
			return attach(cfg, e.Host), nil
		case appv1.ProviderLima:
			return limavm.NewOwned(limavm.OwnerConfig{Machines: api.LimaVMs(), Apps: api.Apps(), Render: render, VM: v}), nil
		default:
			return nil, fmt.Errorf("no house for provider %q: choose %s, %s or %s", e.Provider, appv1.ProviderNative, appv1.ProviderHost, appv1.ProviderLima)
		}
	}
}

// limaDrivers gives the driver of a LimaVM. Its folder is named after its namespace and name; neither has a dot.
func limaDrivers(cfg Config) func(types.NamespacedName, func() []byte) limavm.Machine {
	return func(key types.NamespacedName, template func() []byte) limavm.Machine {
		d := lima.New(lima.Config{
			Home: cfg.Paths.Machines(), Name: key.Namespace + "." + key.Name,
			Template: func(by lima.Accelerator) ([]byte, error) { return lima.Fit(template(), by) },
			Logger:   cfg.Log.With("component", "lima"),
		})
		return limavm.Machine{Driver: d, Describe: func() limavm.Details {
			is := d.Describe()
			return limavm.Details{Dir: is.Dir, SSHPort: is.SSHPort, Accelerator: string(is.Accelerator)}
		}}
	}
}

const gib = 1 << 30

// render makes the template of App's machine.
func render(v appv1.VM) (limavm.Rendering, error) {
	system, note, err := guest()
	if err != nil {
		return limavm.Rendering{}, err
	}
	s := lima.Shape{CPUs: int(v.CPUs), DiskBytes: appv1.DefaultDisk, Image: system}
	has := thisComputer()
	if s.CPUs == 0 {
		s.CPUs = min(4, max(1, has.cpus/2))
	}
	s.MemoryBytes = min(8*gib, max(2*gib, has.memory/4))
	if v.Memory != nil {
		s.MemoryBytes = v.Memory.Value()
	}
	if v.Disk != nil {
		s.DiskBytes = v.Disk.Value()
	}
	for _, m := range v.Mounts {
		s.Mounts = append(s.Mounts, lima.Mount{Path: m.Path, Writable: m.Writable})
	}
	text, err := lima.Template(s)
	if err != nil {
		return limavm.Rendering{}, &vm.Failure{Message: "The machine cannot be like that: " + err.Error() + ".", Hint: "Change it with berth set vm.…", Err: err}
	}
	shape, err := json.Marshal(v) // what a user chose: a new image or wording is no reason to restart a machine
	return limavm.Rendering{Template: text, Shape: string(shape), Note: note}, err
}

// guest is the system that the machine boots: the one that was made here, or else Debian's.
func guest() (lima.Image, string, error) {
	cache, err := os.UserCacheDir()
	if err == nil {
		var made lima.Image
		if made, err = image.Find(image.Store(cache)); err == nil {
			return made, "", nil
		}
	}
	if public, ok := lima.PublicImage(lima.Arch()); ok {
		return public, "No guest image was made here, so Debian's is downloaded once (about 300 MB), and Docker installed on it. " +
			"Offline, run make guest-image first.", nil
	}
	return lima.Image{}, "", &vm.Failure{Message: "There is no guest image for this computer.", Hint: "Run make guest-image, then start again.", Err: err}
}

// eraseMachines ends all machines of this instance and removes them with their disks.
func eraseMachines(ctx context.Context, cfg Config) error {
	home := cfg.Paths.Machines()
	found, err := os.ReadDir(home)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for machines: %w", err)
	}
	for _, f := range found {
		if !f.IsDir() || strings.HasPrefix(f.Name(), "_") { // Lima's own: keys and disks
			continue
		}
		d := lima.New(lima.Config{Home: home, Name: f.Name(), Template: func(lima.Accelerator) ([]byte, error) { return nil, fs.ErrNotExist }, Logger: cfg.Log})
		if err := d.Delete(ctx); err != nil {
			return fmt.Errorf("remove the machine %s: %w", f.Name(), err)
		}
	}
	for _, own := range found {
		if err := os.RemoveAll(filepath.Join(home, own.Name())); err != nil {
			return fmt.Errorf("remove what the machines left: %w", err)
		}
	}
	return os.Remove(home)
}
