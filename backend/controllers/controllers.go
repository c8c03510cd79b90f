// Package controllers carries what users want to the world: a reconciler for each kind, each in a package of its own,
// assembled here. They read and write objects through in-process stores and are woken by those stores' watches; they
// know neither the API server nor the mirror, which meets them in the API.
package controllers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	limav1 "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/app"
	"github.com/berth-desktop/berth/backend/controllers/app/history"
	"github.com/berth-desktop/berth/backend/controllers/container"
	"github.com/berth-desktop/berth/backend/controllers/containercreate"
	"github.com/berth-desktop/berth/backend/controllers/image"
	"github.com/berth-desktop/berth/backend/controllers/imagepull"
	"github.com/berth-desktop/berth/backend/controllers/imagepush"
	"github.com/berth-desktop/berth/backend/controllers/imagetag"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/backend/controllers/internal/registry"
	"github.com/berth-desktop/berth/backend/controllers/limavm"
	"github.com/berth-desktop/berth/backend/controllers/network"
	"github.com/berth-desktop/berth/backend/controllers/networkcreate"
	"github.com/berth-desktop/berth/backend/controllers/volume"
	"github.com/berth-desktop/berth/backend/controllers/volumecreate"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/vm"
)

// Config is what the controllers need. All fields are required.
type Config struct {
	Apps       store.Store[appv1.App, *appv1.App]
	Containers store.Store[containersv1.Container, *containersv1.Container]
	Images     store.Store[containersv1.Image, *containersv1.Image]
	Volumes    store.Store[containersv1.Volume, *containersv1.Volume]
	// ContainerCreates are requests.
	ContainerCreates store.Store[containersv1.ContainerCreate, *containersv1.ContainerCreate]
	// ImagePulls, ImagePushes and ImageTags are requests.
	ImagePulls  store.Store[containersv1.ImagePull, *containersv1.ImagePull]
	ImagePushes store.Store[containersv1.ImagePush, *containersv1.ImagePush]
	ImageTags   store.Store[containersv1.ImageTag, *containersv1.ImageTag]
	// VolumeCreates and NetworkCreates are requests.
	VolumeCreates  store.Store[containersv1.VolumeCreate, *containersv1.VolumeCreate]
	NetworkCreates store.Store[containersv1.NetworkCreate, *containersv1.NetworkCreate]
	// Logins finds the user's login for the registry of an image; an empty one if there is none.
	Logins   func(ctx context.Context, ref string) (engine.Login, error)
	Networks store.Store[containersv1.Network, *containersv1.Network]
	// Drivers makes the driver of the machine that an engine lives in. It touches nothing yet.
	Drivers func(appv1.ContainerEngine, appv1.VM) (vm.Driver, error)
	// DefaultProvider is the provider of an App that nobody has made yet.
	DefaultProvider func(context.Context) appv1.Provider
	LimaVMs         store.Store[limav1.LimaVM, *limav1.LimaVM]
	// LimaDrivers makes the driver of a LimaVM.
	LimaDrivers func(key types.NamespacedName, template func() []byte) limavm.Machine
	// Own are the providers whose machines are Berth's.
	Own []appv1.Provider
	// StartupTimes is the file that remembers how long starts took.
	StartupTimes string
	// Engines gives the client for an endpoint. It belongs to whoever made the pool.
	Engines *engine.Pool
	Log     *slog.Logger
}

// Controllers are the reconcilers of all kinds.
type Controllers struct {
	cfg         Config
	app         *app.Reconciler
	machines    *limavm.Reconciler
	containers  *container.Reconciler
	images      *image.Reconciler
	volumes     *volume.Reconciler
	creates     *containercreate.Reconciler
	pulls       *imagepull.Reconciler
	pushes      *imagepush.Reconciler
	tags        *imagetag.Reconciler
	networks    *network.Reconciler
	newVolumes  *volumecreate.Reconciler
	newNetworks *networkcreate.Reconciler
}

// New makes the controllers; Run runs them.
func New(cfg Config) *Controllers {
	find := locator{apps: cfg.Apps, engines: cfg.Engines}
	c := &Controllers{cfg: cfg}
	c.app = app.New(app.Config{
		Apps: cfg.Apps, Drivers: cfg.Drivers, DefaultProvider: cfg.DefaultProvider,
		Own: cfg.Own, History: history.New(cfg.StartupTimes, cfg.Log.With("kind", "app")),
		Timing: app.DefaultTiming(), Log: cfg.Log.With("kind", "app"),
	})
	c.machines = limavm.New(limavm.Config{
		Machines: cfg.LimaVMs, Drivers: cfg.LimaDrivers, Timing: limavm.DefaultTiming(), Log: cfg.Log.With("kind", "limavm"),
	})
	c.images = image.New(image.Config{
		Objects: cfg.Images, Containers: cfg.Containers,
		Locate: func(ctx context.Context, namespace string) (image.Engine, error) { return find.engine(ctx, namespace) },
		Log:    cfg.Log.With("kind", "image"),
	})
	c.volumes = volume.New(volume.Config{
		Objects: cfg.Volumes, Containers: cfg.Containers,
		Locate: func(ctx context.Context, namespace string) (volume.Engine, error) { return find.engine(ctx, namespace) },
		Log:    cfg.Log.With("kind", "volume"),
	})
	c.networks = network.New(network.Config{
		Objects: cfg.Networks, Containers: cfg.Containers,
		Locate: func(ctx context.Context, namespace string) (network.Engine, error) {
			return find.engine(ctx, namespace)
		},
		Log: cfg.Log.With("kind", "network"),
	})
	c.containers = container.New(container.Config{
		Containers: cfg.Containers,
		Locate: func(ctx context.Context, namespace string) (container.Engine, error) {
			return find.engine(ctx, namespace)
		},
		Gone: func() { // it may have been in the way of these
			c.images.Retry()
			c.volumes.Retry()
			c.networks.Retry()
		},
		Log: cfg.Log.With("kind", "container"),
	})
	c.creates = containercreate.New(containercreate.Config{
		Requests: cfg.ContainerCreates,
		Locate: func(ctx context.Context, namespace string) (containercreate.Engine, error) {
			return find.engine(ctx, namespace)
		},
		Logins: cfg.Logins, Now: time.Now,
		Log: cfg.Log.With("kind", "containercreate"),
	})
	c.pulls = imagepull.New(imagepull.Config{
		Requests: cfg.ImagePulls,
		Locate: func(ctx context.Context, namespace string) (registry.Puller, error) {
			return find.engine(ctx, namespace)
		},
		Logins: cfg.Logins, Now: time.Now,
		Log: cfg.Log.With("kind", "imagepull"),
	})
	c.pushes = imagepush.New(imagepush.Config{
		Requests: cfg.ImagePushes,
		Locate: func(ctx context.Context, namespace string) (registry.Pusher, error) {
			return find.engine(ctx, namespace)
		},
		Logins: cfg.Logins, Now: time.Now,
		Log: cfg.Log.With("kind", "imagepush"),
	})
	c.tags = imagetag.New(imagetag.Config{
		Requests: cfg.ImageTags,
		Locate: func(ctx context.Context, namespace string) (imagetag.Engine, error) {
			return find.engine(ctx, namespace)
		},
		Now: time.Now, Log: cfg.Log.With("kind", "imagetag"),
	})
	c.newVolumes = volumecreate.New(volumecreate.Config{
		Requests: cfg.VolumeCreates,
		Locate: func(ctx context.Context, namespace string) (volumecreate.Engine, error) {
			return find.engine(ctx, namespace)
		},
		Now: time.Now, Log: cfg.Log.With("kind", "volumecreate"),
	})
	c.newNetworks = networkcreate.New(networkcreate.Config{
		Requests: cfg.NetworkCreates,
		Locate: func(ctx context.Context, namespace string) (networkcreate.Engine, error) {
			return find.engine(ctx, namespace)
		},
		Now: time.Now, Log: cfg.Log.With("kind", "networkcreate"),
	})
	return c
}

// Prepare makes App if there is none, and takes back what an earlier daemon observed. Call it before the API is
// served: nobody is to take yesterday's state for today's.
func (c *Controllers) Prepare(ctx context.Context) error {
	return errors.Join(c.machines.Prepare(ctx), c.app.Prepare(ctx))
}

// Run reconciles until ctx ends. Then it stops the machine, if Berth owns it, and returns.
func (c *Controllers) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	machines, end := context.WithCancel(context.WithoutCancel(ctx)) // App stops its machine through them
	g.Go(func() error {
		defer end()
		return c.app.Run(ctx)
	})
	g.Go(func() error { return c.machines.Run(machines) })
	g.Go(func() error { return c.containers.Run(ctx) })
	g.Go(func() error { return c.images.Run(ctx) })
	g.Go(func() error { return c.volumes.Run(ctx) })
	g.Go(func() error { return c.creates.Run(ctx) })
	g.Go(func() error { return c.pulls.Run(ctx) })
	g.Go(func() error { return c.pushes.Run(ctx) })
	g.Go(func() error { return c.tags.Run(ctx) })
	g.Go(func() error { return c.networks.Run(ctx) })
	g.Go(func() error { return c.newVolumes.Run(ctx) })
	g.Go(func() error { return c.newNetworks.Run(ctx) })
	g.Go(func() error {
		c.wake(ctx)
		return nil
	})
	return g.Wait()
}

// wake has what waits for the engine tried again whenever the engine has become ready.
func (c *Controllers) wake(ctx context.Context) {
	was := false
	feed := loop.Watch(c.cfg.Apps, loop.Handler[*appv1.App]{
		Changed: func(a *appv1.App, _ loop.Add) {
			_, ready := endpoint(a)
			if ready && !was {
				c.containers.Retry()
				c.images.Retry()
				c.volumes.Retry()
				c.networks.Retry()
			}
			was = ready
		},
		Gone: func(*appv1.App, loop.Add) { was = false },
	}, c.cfg.Log)
	feed(ctx, func(reconcile.Request) {})
}
