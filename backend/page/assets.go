package page

import (
	"io/fs"
	"net/http"
	"strings"
)

const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Berth</title>
<h1>The page is not built</h1>
<p>This berth was built without its page. Run <code>make build</code> in the source tree, then <code>berth ui</code> again.</p>
</html>
`

// assets serves the built page.
func assets(built fs.FS) http.Handler {
	files := http.FileServerFS(built)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "The page can only be read.", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" {
			name = "index.html"
		}
		info, err := fs.Stat(built, name)
		switch {
		case err != nil && name == "index.html":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(notBuilt)) // the reader is gone: nobody is left to tell
			return
		case err != nil || info.IsDir() || strings.HasPrefix(info.Name(), "."):
			http.NotFound(w, r)
			return
		}
		// The names of what vite puts there change with what is in them.
		if strings.HasPrefix(name, "assets/") {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache")
		}
		files.ServeHTTP(w, r)
	})
}
