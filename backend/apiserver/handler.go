package apiserver

import (
	"encoding/json"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/version"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// apiLevel is the Kubernetes release whose API conventions are served; kubectl compares it with its own.
const apiLevel = "v1.37.0"

// Handler is the API for a caller that has already been let in; every request acts as the owner.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/version" {
			s.answerVersion(w)
			return
		}
		if isMirrorWatch(r) {
			s.watching.Add(1)
			defer s.watching.Add(-1)
		}
		s.api.Handler.ServeHTTP(w, r)
	})
}

// answerVersion says what kubectl wants to know of a server, and which Berth it is. The library would answer with a
// version that is stamped into Kubernetes' own builds only.
func (s *Server) answerVersion(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(version.Info{Major: "1", Minor: "37", GitVersion: apiLevel + "+berth", GitCommit: s.cfg.Version})
}

func isMirrorWatch(r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/apis/"+containers.GroupName+"/") {
		return false
	}
	w := r.URL.Query().Get("watch")
	return w == "1" || w == "true"
}

// Watched says whether any face watches a mirrored kind now. The daemon's own watches do not count.
func (s *Server) Watched() bool { return s.watching.Load() > 0 }
