package streams

import (
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"

	"github.com/berth-desktop/berth/backend/engine"
)

// tar answers with a file, or a folder and all that is below it, as the engine packs it.
func (s *Server) tar(w http.ResponseWriter, r *http.Request, e *engine.Client, id, name string) error {
	return refusal(e.Archive(r.Context(), id, name, func(from io.Reader) error {
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
