package streams

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// maxFile is the most that is told of one file.
const maxFile = 64 << 20

// InspectContainer answers with all that the engine says of a container.
func (s *Server) InspectContainer(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	return s.inspect(w, r, c.Namespace, engine.Key{Kind: engine.KindContainer, ID: c.Name})
}

// InspectImage answers with all that the engine says of an image.
func (s *Server) InspectImage(w http.ResponseWriter, r *http.Request, i *containers.Image) error {
	return s.inspect(w, r, i.Namespace, engine.Key{Kind: engine.KindImage, ID: i.Status.ID})
}

// InspectVolume answers with all that the engine says of a volume.
func (s *Server) InspectVolume(w http.ResponseWriter, r *http.Request, v *containers.Volume) error {
	return s.inspect(w, r, v.Namespace, engine.Key{Kind: engine.KindVolume, ID: v.Status.Name})
}

// InspectNetwork answers with all that the engine says of a network.
func (s *Server) InspectNetwork(w http.ResponseWriter, r *http.Request, n *containers.Network) error {
	return s.inspect(w, r, n.Namespace, engine.Key{Kind: engine.KindNetwork, ID: n.Status.ID})
}

func (s *Server) inspect(w http.ResponseWriter, r *http.Request, namespace string, key engine.Key) error {
	e, err := s.engine(r.Context(), namespace)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return refusal(e.Inspect(r.Context(), key, w))
}

// VolumeSize answers with how much a volume holds. The engine walks through all of its volumes for it, so this is asked
// for by a person, once, and never for a list.
func (s *Server) VolumeSize(w http.ResponseWriter, r *http.Request, v *containers.Volume) error {
	e, err := s.engine(r.Context(), v.Namespace)
	if err != nil {
		return err
	}
	measure, err := e.VolumeSize(r.Context(), v.Status.Name)
	if err != nil {
		return refusal(err)
	}
	return answer(w, measure)
}

// History answers with how an image was built.
func (s *Server) History(w http.ResponseWriter, r *http.Request, i *containers.Image) error {
	e, err := s.engine(r.Context(), i.Namespace)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	return refusal(e.History(r.Context(), i.Status.ID, w))
}

// Top answers with what runs in a container.
func (s *Server) Top(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	e, err := s.engine(r.Context(), c.Namespace)
	if err != nil {
		return err
	}
	all, err := e.Top(r.Context(), c.Name, r.URL.Query().Get("ps_args"))
	if err != nil {
		return refusal(err)
	}
	return answer(w, all)
}

// Files answers with a folder of a container, or a file's bytes, or takes files in.
func (s *Server) Files(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	if r.Method == http.MethodPut {
		return s.unpack(w, r, c)
	}
	q := &asked{Values: r.URL.Query()}
	raw, packed, limit := q.flag("raw", false), q.flag("archive", false), q.number("limitBytes", -1)
	stat, follow, name := q.flag("stat", false), q.flag("follow", true), q.path()
	if q.err != nil {
		return q.err
	}
	e, err := s.engine(r.Context(), c.Namespace)
	if err != nil {
		return err
	}
	switch {
	case stat:
		entry, err := e.StatFile(r.Context(), c.Name, name)
		if err != nil {
			return refusal(err)
		}
		return answer(w, entry)
	case packed:
		return s.tar(w, r, e, c.Name, name, follow)
	}
	if !raw {
		folder, err := e.Folder(r.Context(), c.Name, name)
		if err != nil {
			return refusal(err)
		}
		return answer(w, folder)
	}
	return refusal(e.File(r.Context(), c.Name, name, func(size int64, from io.Reader) error {
		if limit >= 0 {
			size = min(size, limit)
		}
		if size > maxFile {
			return apierrors.NewRequestEntityTooLargeError(fmt.Sprintf(
				"%s has %d bytes, which is more than is shown: ask for its beginning with limitBytes, or use 'berth container cp'", name, size))
		}
		h := w.Header()
		// It is a stranger's file: whatever is in it, a browser must not take it for a page of ours.
		h.Set("Content-Type", "application/octet-stream")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": path.Base(name)}))
		h.Set("Content-Length", strconv.FormatInt(size, 10))
		_, err := io.CopyN(w, from, size)
		return err
	}))
}

func answer(w http.ResponseWriter, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(text)
	return err
}
