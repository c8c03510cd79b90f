// Package backend is the daemon: the only place that constructs its parts and connects them.
//
// The parts do not know one another. They meet in the API: the mirror and the controllers read and write objects
// through in-process stores, everyone else comes over HTTP.
package backend

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/client"
	"github.com/berth-desktop/berth/backend/controllers"
	"github.com/berth-desktop/berth/backend/desktop"
	"github.com/berth-desktop/berth/backend/diagnostics"
	"github.com/berth-desktop/berth/backend/dockercontext"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/mirror"
	"github.com/berth-desktop/berth/backend/page"
	"github.com/berth-desktop/berth/backend/paths"
	"github.com/berth-desktop/berth/backend/registrylogin"
	"github.com/berth-desktop/berth/backend/streams"
	"github.com/berth-desktop/berth/vm/lima"
)

// Config is what a daemon needs. All fields are required.
type Config struct {
	Paths   paths.Paths
	Version string
	// Assets is the built page, for browsers.
	Assets fs.FS
	// Getenv reads the environment in which docker clients of this user would run.
	Getenv func(string) string
	Log    *slog.Logger
}

// Run is the daemon: it serves until ctx ends, then stops an engine of its own, which can still be watched, and returns.
// The caller holds the instance's lock.
func Run(ctx context.Context, cfg Config) error {
	if err := makeFolders(cfg.Paths); err != nil {
		return err
	}
	if err := claimState(cfg.Paths, cfg.Version); err != nil {
		return err
	}
	has := thisComputer()
	var api *apiserver.Server
	var reconcilers *controllers.Controllers
	pages := page.New(page.Config{
		Assets: cfg.Assets,
		API:    http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { api.Handler().ServeHTTP(w, r) }),
		Doctor: doctor(cfg), Desktop: ownDesktop(),
		Log: cfg.Log.With("component", "page"),
	})
	api, err := apiserver.New(apiserver.Config{
		Objects:    cfg.Paths.Objects(),
		Kubeconfig: cfg.Paths.Kubeconfig(),
		Socket:     cfg.Paths.APISocket(),
		Address:    "127.0.0.1:0",
		Namespace:  appv1.DefaultNamespace,
		Version:    cfg.Version,
		Subresources: subresources(streams.New(streams.Config{
			Engine: func(ctx context.Context, namespace string) (*engine.Client, error) {
				return reconcilers.Engine(ctx, namespace)
			},
			Log: cfg.Log.With("component", "streams"),
		})),
		Local:         local(cfg, pages),
		Host:          apiserver.Host{CPUs: has.cpus, Memory: has.memory, Home: has.home},
		JudgeTemplate: lima.Validate,
		Log:           cfg.Log.With("component", "apiserver"),
	})
	if err != nil {
		return fmt.Errorf("build the API server: %w", err)
	}
	engines := engine.NewPool(engine.Dial)
	defer engines.Close()

	reconcilers = newControllers(cfg, api, engines)
	if err := reconcilers.Prepare(ctx); err != nil {
		return fmt.Errorf("prepare the App: %w", err)
	}

	// The end goes by stages, so that faces can watch it: the reconcilers stop the engine, for which the mirror takes its
	// objects away first, and the API outlives both.
	g, ctx := errgroup.WithContext(ctx)
	ctx = stage(ctx, g, reconcilers.Run)
	ctx = stage(ctx, g, newMirror(cfg, api).Run, newContextKeeper(cfg, api).Run, newJournal(cfg, api).Run)
	ctx = stage(ctx, g, linger)
	stage(ctx, g, api.Run, pages.Run)
	return g.Wait()
}

// stage runs parts in g until ctx ends. The context that it returns ends once all of them have ended.
func stage(ctx context.Context, g *errgroup.Group, parts ...func(context.Context) error) context.Context {
	next, end := context.WithCancel(context.WithoutCancel(ctx))
	var left sync.WaitGroup
	for _, run := range parts {
		left.Add(1)
		g.Go(func() error {
			defer left.Done()
			return run(ctx)
		})
	}
	g.Go(func() error {
		left.Wait()
		end()
		return nil
	})
	return next
}

// linger lets those who watch read the last that was written: the end of a watch does not wait for what is on its way.
func linger(ctx context.Context) error {
	const reading = 250 * time.Millisecond
	<-ctx.Done()
	<-time.After(reading)
	return nil
}

// local is what the socket serves beside the API.
func local(cfg Config, pages *page.Server) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/local/", pages.Local())
	mux.Handle("GET "+diagnostics.Path, doctor(cfg))
	mux.Handle(desktop.Path, ownDesktop())
	return mux
}

// ownDesktop speaks for this instance: the commands that it asks inherit what names it.
func ownDesktop() http.Handler {
	return desktop.Handler(desktop.Config{
		Program: func() (string, error) { return client.Sibling("berth") },
		Environ: os.Environ(),
	})
}

func doctor(cfg Config) http.Handler {
	return diagnostics.Handler(diagnostics.Config{Paths: cfg.Paths, Version: cfg.Version, Getenv: cfg.Getenv})
}

func newContextKeeper(cfg Config, api *apiserver.Server) *dockercontext.Keeper {
	return dockercontext.New(dockercontext.Config{
		Place: func() (dockercontext.Place, error) { return dockercontext.At(cfg.Paths, cfg.Getenv) },
		Apps:  api.Apps(),
		Log:   cfg.Log.With("component", "dockercontext"),
	})
}

func makeFolders(p paths.Paths) error {
	for _, dir := range []string{p.State, p.Logs(), p.Objects(), p.Data, p.Runtime} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("make a folder of this instance: %w", err)
		}
	}
	return nil
}

func newMirror(cfg Config, api *apiserver.Server) *mirror.Mirror {
	return mirror.New(mirror.Config{
		Apps:                api.Apps(),
		Containers:          api.Containers(),
		Images:              api.Images(),
		Volumes:             api.Volumes(),
		Networks:            api.Networks(),
		ContainerNamespaces: api.ContainerNamespaces(),
		Dial:                func(endpoint string) (mirror.Engine, error) { return engine.Dial(endpoint) },
		Watched:             api.Watched,
		Log:                 cfg.Log.With("component", "mirror"),
	})
}

func newControllers(cfg Config, api *apiserver.Server, engines *engine.Pool) *controllers.Controllers {
	return controllers.New(controllers.Config{
		Apps:             api.Apps(),
		Containers:       api.Containers(),
		Images:           api.Images(),
		Volumes:          api.Volumes(),
		ContainerCreates: api.ContainerCreates(),
		ImagePulls:       api.ImagePulls(),
		ImagePushes:      api.ImagePushes(),
		ImageTags:        api.ImageTags(),
		VolumeCreates:    api.VolumeCreates(),
		NetworkCreates:   api.NetworkCreates(),
		Logins: func(ctx context.Context, ref string) (engine.Login, error) {
			dir, err := dockercontext.Dir(cfg.Getenv)
			if err != nil {
				return engine.Login{}, err
			}
			return registrylogin.For(ctx, dir, ref)
		},
		Networks:        api.Networks(),
		Drivers:         drivers(cfg, api),
		LimaVMs:         api.LimaVMs(),
		LimaDrivers:     limaDrivers(cfg),
		DefaultProvider: func(ctx context.Context) appv1.Provider { return defaultProvider(ctx, cfg) },
		Own:             []appv1.Provider{appv1.ProviderNative, appv1.ProviderLima},
		StartupTimes:    cfg.Paths.StartupTimes(),
		Engines:         engines,
		Log:             cfg.Log.With("component", "controllers"),
	})
}
