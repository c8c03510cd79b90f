package apiserver

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/version"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizerfactory"
	"k8s.io/apiserver/pkg/endpoints/handlers/responsewriters"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/server/filters"
	"k8s.io/apiserver/pkg/server/healthz"
	clientrest "k8s.io/client-go/rest"
	"k8s.io/component-base/compatibility"
	"k8s.io/kube-openapi/pkg/common"
	openapiutil "k8s.io/kube-openapi/pkg/util"
	"k8s.io/kube-openapi/pkg/validation/spec"

	generated "github.com/berth-desktop/berth/backend/api/openapi"
)

// The Kubernetes release whose conventions are served: that of the libraries in go.mod.
const (
	releaseMinor = "1.37"
	releasePatch = "2"
)

// newGeneric builds the library's server with our kinds. It serves no metrics and no profiles, has no admission
// plugins (strategies refuse what is wrong) and no authentication: who comes through a door has shown who he is.
func newGeneric(b builder, own Config, w *watches) (*genericapiserver.GenericAPIServer, error) {
	cfg := genericapiserver.NewConfig(b.codecs)
	cfg.EnableProfiling, cfg.EnableIndex, cfg.EnableMetrics = false, false, false
	// Both would wake an idle daemon every second, for metrics that nobody reads.
	cfg.StorageObjectCountTracker = nil
	cfg.DisabledPostStartHooks = sets.NewString("max-in-flight-filter")
	cfg.Serializer = readable{b.codecs}
	// The library's other check, of its log, starts a goroutine that never ends.
	alive := []healthz.HealthChecker{healthz.PingHealthz}
	cfg.HealthzChecks, cfg.LivezChecks, cfg.ReadyzChecks = alive, alive, alive
	cfg.EffectiveVersion = newRelease(own.Version)
	cfg.Authentication.Authenticator = authenticator.RequestFunc(asOwner)
	cfg.Authorization.Authorizer = authorizerfactory.NewPrivilegedGroups(user.SystemPrivilegedGroup)
	cfg.OpenAPIV3Config = openAPI(b.scheme)
	endless := sets.NewString(subresourceNames(own.Subresources)...)
	cfg.LongRunningFunc = filters.BasicLongRunningRequestCheck(sets.NewString("watch"), endless)
	cfg.BuildHandlerChainFunc = func(api http.Handler, c *genericapiserver.Config) http.Handler {
		return uncompressed(genericapiserver.DefaultBuildHandlerChain(named(w.count(api, endless.Has)), c))
	}
	// The library insists on both. Nothing of it that dials itself, or tells others where it is, is in use.
	cfg.LoopbackClientConfig = &clientrest.Config{Host: "http://berth.invalid"}
	cfg.ExternalAddress = "127.0.0.1:443"

	api, err := cfg.Complete(nil).New("berth", genericapiserver.NewEmptyDelegate())
	if err != nil {
		return nil, fmt.Errorf("build the generic server: %w", err)
	}
	for gv, routes := range b.routes {
		info := genericapiserver.NewDefaultAPIGroupInfo(gv.Group, b.scheme, runtime.NewParameterCodec(b.scheme), b.codecs)
		info.VersionedResourcesStorageMap[gv.Version] = routes
		info.NegotiatedSerializer = readable{b.codecs}
		if err := api.InstallAPIGroup(&info); err != nil {
			return nil, fmt.Errorf("install %s: %w", gv, err)
		}
	}
	api.Handler.NonGoRestfulMux.HandlePrefix(namespacesPath, http.HandlerFunc(answerNamespace))
	return api, nil
}

const namespacesPath = "/api/v1/namespaces/"

// answerNamespace says yes: a namespace is there by being named. When kubectl does not find an object it asks for the
// namespace as well, and if that is not found it speaks of neither.
func answerNamespace(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, namespacesPath)
	if r.Method != http.MethodGet || len(validation.IsDNS1123Label(name)) > 0 {
		http.NotFound(w, r)
		return
	}
	responsewriters.WriteRawJSON(http.StatusOK, metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
	}, w)
}

// asOwner is the identity of every request: there is one user.
func asOwner(*http.Request) (*authenticator.Response, bool, error) {
	owner := &user.DefaultInfo{Name: "owner", Groups: []string{user.SystemPrivilegedGroup, user.AllAuthenticated}}
	return &authenticator.Response{User: owner}, true, nil
}

// readable is the formats that our kinds can be written in. They have no protobuf form, and a client that would like one
// best must get the next that it names instead of an error.
type readable struct{ serializer.CodecFactory }

// SupportedMediaTypes implements runtime.NegotiatedSerializer.
func (r readable) SupportedMediaTypes() []runtime.SerializerInfo {
	return slices.DeleteFunc(slices.Clone(r.CodecFactory.SupportedMediaTypes()), func(info runtime.SerializerInfo) bool {
		return info.MediaType == runtime.ContentTypeProtobuf
	})
}

// uncompressed answers as it is: nothing leaves the machine, so compressing a long list costs more than it saves.
func uncompressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Accept-Encoding")
		next.ServeHTTP(w, r)
	})
}

func openAPI(scheme *runtime.Scheme) *common.OpenAPIV3Config {
	namer := openapi.NewDefinitionNamer(scheme)
	cfg := genericapiserver.DefaultOpenAPIV3Config(generated.GetOpenAPIDefinitions, namer)
	cfg.Info.Title = "Berth"
	// The library asks by Go name here and by model name there. Both must become the same name, or server-side apply
	// does not find the schema of a kind.
	cfg.GetDefinitionName = func(name string) (string, spec.Extensions) {
		if strings.Contains(name, "/") {
			name = openapiutil.ToRESTFriendlyName(name)
		}
		return namer.GetDefinitionName(name)
	}
	return cfg
}

// release is what /version says. The library's own words are stamped into builds of Kubernetes only.
type release struct {
	compatibility.EffectiveVersion

	info version.Info
}

func newRelease(berth string) release {
	major, minor, _ := strings.Cut(releaseMinor, ".")
	return release{
		EffectiveVersion: compatibility.NewEffectiveVersionFromString(releaseMinor, "", ""),
		// kubectl compares GitVersion with its own, so it is a Kubernetes version; ours is its build metadata.
		info: version.Info{Major: major, Minor: minor, GitVersion: "v" + releaseMinor + "." + releasePatch + "+berth." + buildMetadata(berth)},
	}
}

func (r release) Info() *version.Info { return &r.info }

// buildMetadata replaces what a semantic version may not hold.
func buildMetadata(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case '0' <= r && r <= '9', 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '.', r == '-':
			return r
		default:
			return '-'
		}
	}, s)
}
