package apiserver

import (
	"context"
	"net/http"
	"sync"

	"k8s.io/apiserver/pkg/endpoints/request"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// watches knows the HTTP watches, and other requests without an end, that are open: how many are watches of mirrored
// kinds, and how to end them all.
type watches struct {
	mu      sync.Mutex
	open    map[*openWatch]struct{}
	mirrors int
	ended   bool
}

type openWatch struct {
	cancel context.CancelFunc
	mirror bool
}

func newWatches() *watches { return &watches{open: map[*openWatch]struct{}{}} }

// count is the innermost of the handlers: the library has parsed the request by then. Subresources that are endless end
// with the watches.
func (w *watches) count(next http.Handler, endless func(subresource string) bool) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		info, ok := request.RequestInfoFrom(r.Context())
		if !ok || (info.Verb != "watch" && !endless(info.Subresource)) {
			next.ServeHTTP(rw, r)
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		o := &openWatch{cancel: cancel, mirror: info.Verb == "watch" && info.APIGroup == containers.GroupName}
		w.enter(o)
		defer w.leave(o)
		next.ServeHTTP(rw, r.WithContext(ctx))
	})
}

func (w *watches) enter(o *openWatch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		o.cancel()
	}
	w.open[o] = struct{}{}
	if o.mirror {
		w.mirrors++
	}
}

func (w *watches) leave(o *openWatch) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, o)
	if o.mirror {
		w.mirrors--
	}
}

func (w *watches) ofMirrors() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.mirrors
}

// end closes all watches, and those that are still to come at once.
func (w *watches) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	for o := range w.open {
		o.cancel()
	}
}
