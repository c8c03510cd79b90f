package activity

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/watch"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
)

// A watch that ended is begun again after a pause.
const again = time.Second

// teller knows what of a kind is worth telling. S is what it keeps of an object to compare: far less than all of it.
type teller[P, S any] struct {
	// see takes what is to be compared. was is what it took last, or nothing.
	see func(obj P, was S) S
	// changed tells what happened between two sights.
	changed func(was, now S) []app.ActivityStatus
	// born and gone tell of one that came and one that went. They may be nil.
	born, gone func(S) app.ActivityStatus
	// subject names what it happened to.
	subject func(obj P) app.ActivityStatus
}

// seen is an object as it was last looked at.
type seen[S any] struct {
	sight   S
	subject app.ActivityStatus
}

// follow watches a kind until ctx ends, and tells what happens to its objects. What is there at first is no news.
func follow[T any, P store.Object[T], S any](ctx context.Context, j *Journal, s store.Store[T, P], t teller[P, S]) error {
	known := map[string]seen[S]{}
	first := true
	for {
		if err := followOnce(ctx, j, s, t, known, &first); ctx.Err() == nil {
			j.cfg.Log.Debug("A watch ended, beginning another", "error", err)
		}
		select {
		case <-time.After(again):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func followOnce[T any, P store.Object[T], S any](ctx context.Context, j *Journal, s store.Store[T, P], t teller[P, S], known map[string]seen[S], first *bool) error {
	w, err := s.Watch(ctx, "")
	if err != nil {
		return err
	}
	defer func() {
		w.Stop()
		for range w.ResultChan() { // until its goroutine has ended
		}
	}()
	missed := map[string]bool{} // known before this watch, and not told by it yet
	for name := range known {
		missed[name] = true
	}
	for e := range w.ResultChan() {
		switch obj, _ := e.Object.(P); e.Type {
		case watch.Added, watch.Modified:
			delete(missed, obj.GetName())
			changed(ctx, j, t, known, obj, *first)
		case watch.Deleted:
			gone(ctx, j, t, known, obj.GetName())
		case watch.Bookmark:
			if *first {
				*first = false
				j.following.Done()
			}
			for name := range missed {
				gone(ctx, j, t, known, name)
			}
		case watch.Error:
			return nil
		}
	}
	return ctx.Err()
}

func changed[T any, P store.Object[T], S any](ctx context.Context, j *Journal, t teller[P, S], known map[string]seen[S], obj P, first bool) {
	was, had := known[obj.GetName()]
	now := seen[S]{t.see(obj, was.sight), t.subject(obj)}
	now.subject.Object = obj.GetName()
	known[obj.GetName()] = now
	switch {
	case had:
		for _, a := range t.changed(was.sight, now.sight) {
			j.tell(ctx, about(now.subject, a))
		}
	case first || t.born == nil:
	default:
		// API times have whole seconds, so what is as old as the connection may be what was found by it.
		if since, ok := j.connectedSince(ctx); ok && obj.GetCreationTimestamp().After(since) {
			j.tell(ctx, about(now.subject, t.born(now.sight)))
		}
	}
}

func gone[P, S any](ctx context.Context, j *Journal, t teller[P, S], known map[string]seen[S], name string) {
	was, had := known[name]
	delete(known, name)
	if !had || t.gone == nil {
		return
	}
	if _, ok := j.connectedSince(ctx); ok {
		j.tell(ctx, about(was.subject, t.gone(was.sight)))
	}
}

func about(subject, what app.ActivityStatus) app.ActivityStatus {
	what.Kind, what.Object, what.Title = subject.Kind, subject.Object, subject.Title
	return what
}
