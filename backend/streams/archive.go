package streams

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// tar answers with a file, or a folder and all that is below it, as the engine packs it.
func (s *Server) tar(w http.ResponseWriter, r *http.Request, e *engine.Client, id, name string, follow bool) error {
	return refusal(e.Archive(r.Context(), id, name, follow, func(from io.Reader) error {
		base := path.Base(name)
		if base == "/" {
			base = "root"
		}
		h := w.Header()
		h.Set("Content-Type", "application/x-tar")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": base + ".tar"}))
		if _, err := io.Copy(w, from); err != nil {
			// The answer has begun: only breaking it off says that it is not whole.
			return fmt.Errorf("pack %s: %w", name, err)
		}
		return nil
	}))
}

// unpack puts the tar that the client sends into a folder of a container.
func (s *Server) unpack(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	name, owners := q.path(), q.flag("owners", false)
	if q.err != nil {
		return q.err
	}
	e, err := s.engine(r.Context(), c.Namespace)
	if err != nil {
		return err
	}
	if err := e.Unpack(r.Context(), c.Name, name, owners, r.Body); err != nil {
		return refusal(err)
	}
	return answer(w, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess})
}

// path is the absolute path that is asked about.
func (a *asked) path() string {
	name := path.Clean("/" + a.Get("path"))
	if strings.ContainsRune(name, 0) {
		a.wrong("path", strconv.Quote(name), "a path")
	}
	return name
}
