// Package apiserver is the embedded Kubernetes API: the generic server with our kinds compiled in, over memstore.
package apiserver

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	"k8s.io/apiserver/pkg/registry/rest"
	genericapiserver "k8s.io/apiserver/pkg/server"
	clientrest "k8s.io/client-go/rest"
	"k8s.io/component-base/compatibility"
	openapiutil "k8s.io/kube-openapi/pkg/util"
	"k8s.io/kube-openapi/pkg/validation/spec"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	generated "github.com/berth-desktop/berth/backend/api/openapi"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/apiserver/memstore"
)

// Config says where the API is served. All fields but Local are required.
type Config struct {
	// Objects is the folder of the kinds that outlive the daemon.
	Objects string
	// Kubeconfig is written once both doors are open, and removed at the end.
	Kubeconfig string
	// Socket is the door of our faces: whoever can open it is the owner.
	Socket string
	// Address is the loopback address of the door for kubectl and its like, such as 127.0.0.1:0.
	Address string
	// Namespace is the kubeconfig's default.
	Namespace string
	// Version is Berth's.
	Version string
	// Local is served under /local/ on the socket only. It may be nil.
	Local http.Handler
	Log   *slog.Logger
}

// Server is the API.
type Server struct {
	cfg        Config
	api        *genericapiserver.GenericAPIServer
	ready      chan struct{}
	watching   atomic.Int64 // HTTP watches of mirrored kinds
	apps       *registry[app.App, *app.App]
	containers *registry[containers.Container, *containers.Container]
	images     *registry[containers.Image, *containers.Image]
	volumes    *registry[containers.Volume, *containers.Volume]
	namespaces *registry[containers.ContainerNamespace, *containers.ContainerNamespace]
}

// New builds the API; it binds nothing.
func New(cfg Config) (*Server, error) {
	s := &Server{cfg: cfg, ready: make(chan struct{})}
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	codecs := serializer.NewCodecFactory(scheme)
	if s.api, err = newGeneric(scheme, codecs); err != nil {
		return nil, err
	}
	versions := memstore.NewBackend(uint64(time.Now().UnixMicro()))
	appCodec, mirrorCodec := codecs.LegacyCodec(app.SchemeGroupVersion), codecs.LegacyCodec(containers.SchemeGroupVersion)
	groups := map[schema.GroupVersion]map[string]rest.Storage{app.SchemeGroupVersion: {}, containers.SchemeGroupVersion: {}}
	if s.apps, err = addKind(groups, appKind(), scheme, appCodec, versions, cfg.Objects); err != nil {
		return nil, err
	}
	if s.containers, err = addKind(groups, containerKind(), scheme, mirrorCodec, versions, cfg.Objects); err != nil {
		return nil, err
	}
	if s.images, err = addKind(groups, imageKind(), scheme, mirrorCodec, versions, cfg.Objects); err != nil {
		return nil, err
	}
	if s.volumes, err = addKind(groups, volumeKind(), scheme, mirrorCodec, versions, cfg.Objects); err != nil {
		return nil, err
	}
	if s.namespaces, err = addKind(groups, containerNamespaceKind(), scheme, mirrorCodec, versions, cfg.Objects); err != nil {
		return nil, err
	}
	for gv, routes := range groups {
		info := genericapiserver.NewDefaultAPIGroupInfo(gv.Group, scheme, runtime.NewParameterCodec(scheme), codecs)
		info.VersionedResourcesStorageMap[gv.Version] = routes
		if err := s.api.InstallAPIGroup(&info); err != nil {
			return nil, fmt.Errorf("install %s: %w", gv, err)
		}
	}
	return s, nil
}

func addKind[T any, P store.Object[T]](groups map[schema.GroupVersion]map[string]rest.Storage, k kind[T, P], scheme *runtime.Scheme, codec runtime.Codec, versions *memstore.Backend, objects string) (*registry[T, P], error) {
	if err := register(scheme, k); err != nil {
		return nil, err
	}
	r, err := newRegistry(k, scheme, codec, versions, objects)
	if err != nil {
		return nil, err
	}
	for name, route := range r.routes() {
		groups[k.group][name] = route
	}
	return r, nil
}

func newGeneric(scheme *runtime.Scheme, codecs serializer.CodecFactory) (*genericapiserver.GenericAPIServer, error) {
	cfg := genericapiserver.NewRecommendedConfig(codecs)
	cfg.LoopbackClientConfig = &clientrest.Config{Host: "http://berth.invalid", QPS: -1}
	cfg.ExternalAddress = "127.0.0.1:443"
	cfg.EnableProfiling, cfg.EnableIndex, cfg.EnableMetrics = false, false, false
	cfg.EffectiveVersion = compatibility.NewEffectiveVersionFromString("1.37", "", "")
	cfg.Authentication.Authenticator = authenticator.RequestFunc(func(r *http.Request) (*authenticator.Response, bool, error) {
		return &authenticator.Response{User: &user.DefaultInfo{Name: "owner", Groups: []string{user.SystemPrivilegedGroup, user.AllAuthenticated}}}, true, nil
	})
	cfg.Authorization.Authorizer = authorizerfactory.NewPrivilegedGroups(user.SystemPrivilegedGroup)
	namer := openapi.NewDefinitionNamer(scheme)
	cfg.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(generated.GetOpenAPIDefinitions, namer)
	cfg.OpenAPIV3Config.Info.Title = "Berth"
	cfg.OpenAPIV3Config.GetDefinitionName = func(name string) (string, spec.Extensions) {
		if strings.Contains(name, "/") {
			name = openapiutil.ToRESTFriendlyName(name)
		}
		return namer.GetDefinitionName(name)
	}
	return cfg.Complete().New("berth", genericapiserver.NewEmptyDelegate())
}

// Apps is the daemon's own door to App.
func (s *Server) Apps() store.Store[app.App, *app.App] { return inProcess[app.App, *app.App]{s.apps} }

// Containers is the daemon's own door to Container.
func (s *Server) Containers() store.Store[containers.Container, *containers.Container] {
	return inProcess[containers.Container, *containers.Container]{s.containers}
}

// Images is the daemon's own door to Image.
func (s *Server) Images() store.Store[containers.Image, *containers.Image] {
	return inProcess[containers.Image, *containers.Image]{s.images}
}

// Volumes is the daemon's own door to Volume.
func (s *Server) Volumes() store.Store[containers.Volume, *containers.Volume] {
	return inProcess[containers.Volume, *containers.Volume]{s.volumes}
}

// ContainerNamespaces is the daemon's own door to ContainerNamespace.
func (s *Server) ContainerNamespaces() store.Store[containers.ContainerNamespace, *containers.ContainerNamespace] {
	return inProcess[containers.ContainerNamespace, *containers.ContainerNamespace]{s.namespaces}
}
