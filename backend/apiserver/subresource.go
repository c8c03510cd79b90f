package apiserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// Subresource is what can be asked of a mirrored object and is no object itself, such as a container's log.
type Subresource struct {
	// Resource and Name are as in a path: containers and log.
	Resource, Name string
	// Methods are those of HTTP by which it may be asked for; GET alone if there are none.
	Methods []string
	// Serve answers for an object that is there, until the request's context ends at the latest. An error from before
	// the first byte is the answer; the API's own errors keep their code.
	Serve func(w http.ResponseWriter, r *http.Request, obj runtime.Object) error
}

// addSubresources gives each the path below its objects.
func addSubresources(b builder, all []Subresource) error {
	routes := b.routes[containers.SchemeGroupVersion]
	for _, s := range all {
		of, ok := routes[s.Resource].(rest.Getter)
		if !ok {
			return fmt.Errorf("%s/%s: there are no %s", s.Resource, s.Name, s.Resource)
		}
		routes[s.Resource+"/"+s.Name] = &connectREST{of: of, new: routes[s.Resource].New, name: s.Name, methods: s.Methods, serve: s.Serve}
	}
	return nil
}

// subresourceNames are those whose requests may take as long as they like.
func subresourceNames(all []Subresource) []string {
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	return names
}

// connectREST is a subresource over HTTP.
type connectREST struct {
	of      rest.Getter
	new     func() runtime.Object
	name    string
	methods []string
	serve   func(http.ResponseWriter, *http.Request, runtime.Object) error
}

var _ rest.Connecter = &connectREST{}

// New implements rest.Storage.
func (c *connectREST) New() runtime.Object { return c.new() }

// Destroy implements rest.Storage.
func (*connectREST) Destroy() {}

// ConnectMethods implements rest.Connecter.
func (c *connectREST) ConnectMethods() []string {
	if len(c.methods) > 0 {
		return c.methods
	}
	return []string{http.MethodGet}
}

// NewConnectOptions implements rest.Connecter. What is asked for stands in the query, which serve reads.
func (*connectREST) NewConnectOptions() (runtime.Object, bool, string) { return nil, false, "" }

// Connect implements rest.Connecter.
func (c *connectREST) Connect(ctx context.Context, name string, _ runtime.Object, responder rest.Responder) (http.Handler, error) {
	obj, err := c.of.Get(ctx, name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		noted := &notedWriter{ResponseWriter: w}
		err := c.serve(noted, r, obj)
		if err == nil || noted.began() {
			return // what was begun can only be cut off
		}
		var ours apierrors.APIStatus
		if !errors.As(err, &ours) {
			err = apierrors.NewGenericServerResponse(http.StatusInternalServerError, "get", schema.GroupResource{}, name, err.Error(), 0, true)
		}
		responder.Error(err)
	}), nil
}

// notedWriter knows whether an answer was begun.
type notedWriter struct {
	http.ResponseWriter

	mu    sync.Mutex
	wrote bool
}

// Unwrap lets http.ResponseController reach what the server can do besides.
func (w *notedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *notedWriter) WriteHeader(code int) {
	w.note()
	w.ResponseWriter.WriteHeader(code)
}

// Write implements http.ResponseWriter.
func (w *notedWriter) Write(b []byte) (int, error) {
	w.note()
	return w.ResponseWriter.Write(b)
}

func (w *notedWriter) note() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrote = true
}

func (w *notedWriter) began() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wrote
}
