package backend

import (
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/berth-desktop/berth/backend/apiserver"
	"github.com/berth-desktop/berth/backend/streams"
)

// subresources are what can be asked of mirrored objects, and who answers.
func subresources(s *streams.Server) []apiserver.Subresource {
	return []apiserver.Subresource{
		subresource("containers", "log", s.Log),
		subresource("containers", "stats", s.Stats),
		subresource("containers", "exec", s.Exec),
		subresource("containers", "attach", s.Attach),
		putting(subresource("containers", "files", s.Files)),
		subresource("containers", "top", s.Top),
		subresource("containers", "inspect", s.InspectContainer),
		subresource("images", "inspect", s.InspectImage),
		subresource("images", "history", s.History),
		posted(subresource("containers", "rename", s.Rename)),
		posted(subresource("containers", "stop", s.Stop)),
		posted(subresource("containers", "restart", s.Restart)),
		posted(subresource("containers", "kill", s.Kill)),
		subresource("volumes", "inspect", s.InspectVolume),
		subresource("volumes", "size", s.VolumeSize),
		subresource("networks", "inspect", s.InspectNetwork),
		subresource("containernamespaces", "stats", s.AllStats),
	}
}

// posted is a subresource that does something.
func posted(s apiserver.Subresource) apiserver.Subresource {
	s.Methods = []string{http.MethodPost}
	return s
}

// putting is a subresource that also takes something in.
func putting(s apiserver.Subresource) apiserver.Subresource {
	s.Methods = []string{http.MethodGet, http.MethodPut}
	return s
}

func subresource[P runtime.Object](resource, name string, serve func(http.ResponseWriter, *http.Request, P) error) apiserver.Subresource {
	return apiserver.Subresource{
		Resource: resource, Name: name,
		Serve: func(w http.ResponseWriter, r *http.Request, obj runtime.Object) error {
			p, ok := obj.(P)
			if !ok {
				return fmt.Errorf("%T is none of the %s", obj, resource)
			}
			return serve(w, r, p)
		},
	}
}
