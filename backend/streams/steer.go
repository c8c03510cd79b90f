package streams

import (
	"context"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// Rename gives a container another name. The mirror hears of it from the engine.
func (s *Server) Rename(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	if q.Get("name") == "" {
		q.wrong("name", "", "a name")
	}
	return s.steer(w, r, c, q, func(ctx context.Context, e *engine.Client) error {
		return e.RenameContainer(ctx, c.Name, q.Get("name"))
	})
}

// Stop stops a container by a signal, or within a time, of the client's own.
func (s *Server) Stop(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	o := q.stop()
	return s.steer(w, r, c, q, func(ctx context.Context, e *engine.Client) error { return e.StopContainerBy(ctx, c.Name, o) })
}

// Restart stops a container in the same way, and starts it.
func (s *Server) Restart(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	o := q.stop()
	return s.steer(w, r, c, q, func(ctx context.Context, e *engine.Client) error { return e.RestartContainerBy(ctx, c.Name, o) })
}

// Kill sends a signal to what runs in a container.
func (s *Server) Kill(w http.ResponseWriter, r *http.Request, c *containers.Container) error {
	q := &asked{Values: r.URL.Query()}
	if q.Get("signal") == "" {
		q.wrong("signal", "", "a signal such as HUP")
	}
	return s.steer(w, r, c, q, func(ctx context.Context, e *engine.Client) error {
		return e.SignalContainer(ctx, c.Name, q.Get("signal"))
	})
}

func (a *asked) stop() engine.StopOptions {
	o := engine.StopOptions{Signal: a.Get("signal")}
	if text := a.Get("timeout"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < -1 {
			a.wrong("timeout", text, "a number of seconds, or -1")
		}
		o.Timeout = &n
	}
	return o
}

func (s *Server) steer(w http.ResponseWriter, r *http.Request, c *containers.Container, q *asked, do func(context.Context, *engine.Client) error) error {
	if q.err != nil {
		return q.err
	}
	e, err := s.engine(r.Context(), c.Namespace)
	if err != nil {
		return err
	}
	if err := do(r.Context(), e); err != nil {
		return refusal(err)
	}
	return answer(w, metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess})
}
