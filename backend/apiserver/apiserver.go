// Package apiserver is the embedded Kubernetes API: the generic server with our kinds compiled in, over memstore.
//
// It has two doors over HTTP, a unix socket for our faces and loopback TLS for kubectl and its like, and one in process:
// the stores that the daemon's own parts are handed. Only these write status.
package apiserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/apiserver/memstore"
)

// Config says where the API is served. All fields but Subresources, Local, Host and JudgeTemplate are required.
type Config struct {
	// Objects is the folder of the kinds that outlive the daemon.
	Objects string
	// Kubeconfig is written once both doors are open, and removed at the end.
	Kubeconfig string
	// Socket is the door of our faces: whoever can open it is the owner. Its folder is closed to other users.
	Socket string
	// Address is the loopback address of the door for kubectl and its like, such as 127.0.0.1:0.
	Address string
	// Namespace is the kubeconfig's default.
	Namespace string
	// Version is Berth's. /version tells it, behind the Kubernetes release that is served.
	Version string
	// Subresources are served below the objects of the mirrored kinds.
	Subresources []Subresource
	// Local is served under /local/ on the socket only. It may be nil.
	Local http.Handler
	// Host is what this computer has.
	Host Host
	// JudgeTemplate is asked for what Lima thinks of a machine's template; nil takes every one.
	JudgeTemplate func(ctx context.Context, template []byte) error
	// Log takes what the server has to say, and what the Kubernetes libraries say in all of the process.
	Log *slog.Logger
}

// Server is the API.
type Server struct {
	cfg         Config
	api         *genericapiserver.GenericAPIServer
	watches     *watches
	ready       chan struct{}
	apps        *registry[app.App, *app.App]
	activities  *registry[app.Activity, *app.Activity]
	containers  *registry[containers.Container, *containers.Container]
	images      *registry[containers.Image, *containers.Image]
	volumes     *registry[containers.Volume, *containers.Volume]
	networks    *registry[containers.Network, *containers.Network]
	namespaces  *registry[containers.ContainerNamespace, *containers.ContainerNamespace]
	creates     *registry[containers.ContainerCreate, *containers.ContainerCreate]
	pulls       *registry[containers.ImagePull, *containers.ImagePull]
	pushes      *registry[containers.ImagePush, *containers.ImagePush]
	tags        *registry[containers.ImageTag, *containers.ImageTag]
	newVolumes  *registry[containers.VolumeCreate, *containers.VolumeCreate]
	newNetworks *registry[containers.NetworkCreate, *containers.NetworkCreate]
	machines    *registry[lima.LimaVM, *lima.LimaVM]
}

// New builds the API and loads the objects that are kept; it binds nothing.
func New(cfg Config) (*Server, error) {
	routeLibraryLog(cfg.Log)
	s := &Server{cfg: cfg, watches: newWatches(), ready: make(chan struct{})}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	b := builder{
		scheme:   scheme,
		codecs:   serializer.NewCodecFactory(scheme, serializer.WithStreamingCollectionEncodingToJSON()),
		versions: memstore.NewBackend(uint64(time.Now().UnixMicro())),
		objects:  cfg.Objects,
		log:      cfg.Log,
		routes:   map[schema.GroupVersion]map[string]rest.Storage{app.SchemeGroupVersion: {}, containers.SchemeGroupVersion: {}, lima.SchemeGroupVersion: {}},
	}
	err = errors.Join(
		add(b, &s.apps, appKind(cfg.Host)),
		add(b, &s.activities, activityKind()),
		add(b, &s.containers, containerKind()),
		add(b, &s.images, imageKind()),
		add(b, &s.volumes, volumeKind()),
		add(b, &s.networks, networkKind()),
		add(b, &s.namespaces, containerNamespaceKind()),
		add(b, &s.creates, containerCreateKind()),
		add(b, &s.pulls, imagePullKind()),
		add(b, &s.pushes, imagePushKind()),
		add(b, &s.tags, imageTagKind()),
		add(b, &s.newVolumes, volumeCreateKind()),
		add(b, &s.newNetworks, networkCreateKind()),
		add(b, &s.machines, limaVMKind(cfg.JudgeTemplate)),
	)
	if err != nil {
		return nil, err
	}
	if err := addSubresources(b, cfg.Subresources); err != nil {
		return nil, err
	}
	if s.api, err = newGeneric(b, cfg, s.watches); err != nil {
		return nil, err
	}
	// Done here, so that Handler can be used at once: it adds OpenAPI and the health checks.
	s.api.PrepareRun()
	return s, nil
}

// builder is what the kinds share while they are put together.
type builder struct {
	scheme   *runtime.Scheme
	codecs   serializer.CodecFactory
	versions *memstore.Backend
	objects  string
	log      *slog.Logger
	routes   map[schema.GroupVersion]map[string]rest.Storage
}

func add[T any, P store.Object[T]](b builder, to **registry[T, P], k kind[T, P]) error {
	if err := register(b.scheme, k); err != nil {
		return err
	}
	r, err := newRegistry(b, k)
	if err != nil {
		return fmt.Errorf("build the registry of %s: %w", k.plural, err)
	}
	if k.readOnly {
		b.routes[k.group][k.plural] = readREST{r.main, r.main, r.main, r.main, r.main, k.short}
		*to = r
		return nil
	}
	b.routes[k.group][k.plural] = publicREST{r.main, k.short, r.mayGo}
	b.routes[k.group][k.plural+"/status"] = statusREST{r.main}
	*to = r
	return nil
}

// Handler is the API for a caller that has already been let in; every request acts as the owner.
func (s *Server) Handler() http.Handler { return s.api.Handler }

// Ready is closed once both doors are open and the kubeconfig is written.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Watched says whether any face watches a mirrored kind now. The daemon's own watches do not count.
func (s *Server) Watched() bool { return s.watches.ofMirrors() > 0 }

// Apps is the daemon's own door to App. Like the other stores it can be used before Run and after it.
func (s *Server) Apps() store.Store[app.App, *app.App] { return s.apps }

// Activities is the daemon's own door to Activity.
func (s *Server) Activities() store.Store[app.Activity, *app.Activity] { return s.activities }

// Containers is the daemon's own door to Container.
func (s *Server) Containers() store.Store[containers.Container, *containers.Container] {
	return s.containers
}

// Images is the daemon's own door to Image.
func (s *Server) Images() store.Store[containers.Image, *containers.Image] { return s.images }

// Volumes is the daemon's own door to Volume.
func (s *Server) Volumes() store.Store[containers.Volume, *containers.Volume] { return s.volumes }

// Networks is the daemon's own door to Network.
func (s *Server) Networks() store.Store[containers.Network, *containers.Network] { return s.networks }

// ContainerCreates is the daemon's own door to ContainerCreate.
func (s *Server) ContainerCreates() store.Store[containers.ContainerCreate, *containers.ContainerCreate] {
	return s.creates
}

// ImagePulls is the daemon's own door to ImagePull.
func (s *Server) ImagePulls() store.Store[containers.ImagePull, *containers.ImagePull] {
	return s.pulls
}

// ImagePushes is the daemon's own door to ImagePush.
func (s *Server) ImagePushes() store.Store[containers.ImagePush, *containers.ImagePush] {
	return s.pushes
}

// ImageTags is the daemon's own door to ImageTag.
func (s *Server) ImageTags() store.Store[containers.ImageTag, *containers.ImageTag] { return s.tags }

// VolumeCreates is the daemon's own door to VolumeCreate.
func (s *Server) VolumeCreates() store.Store[containers.VolumeCreate, *containers.VolumeCreate] {
	return s.newVolumes
}

// NetworkCreates is the daemon's own door to NetworkCreate.
func (s *Server) NetworkCreates() store.Store[containers.NetworkCreate, *containers.NetworkCreate] {
	return s.newNetworks
}

// LimaVMs is the daemon's own door to LimaVM.
func (s *Server) LimaVMs() store.Store[lima.LimaVM, *lima.LimaVM] { return s.machines }

// ContainerNamespaces is the daemon's own door to ContainerNamespace.
func (s *Server) ContainerNamespaces() store.Store[containers.ContainerNamespace, *containers.ContainerNamespace] {
	return s.namespaces
}
