package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/berth-desktop/berth/backend/api/store"
)

// A watch that ends sooner than this is not followed by the next one at once.
const shortWatch = time.Second

// Event is one change. A Bookmark has no object: it says that all that was there has been told.
type Event[P any] struct {
	Type   watch.EventType
	Object P
}

// Watch tells what is there as Added events, then one Bookmark, and then each change, until ctx ends or the daemon goes;
// name, if not empty, picks one object. A watch that the daemon ends is opened again, and only what is different is
// told: an object that went away unseen comes as Deleted, with no more than its name, namespace and UID. The sequence
// ends after an error.
func (r *Resource[T, P]) Watch(ctx context.Context, name string) iter.Seq2[Event[P], error] {
	query := url.Values{
		"watch": {"true"}, "sendInitialEvents": {"true"}, "resourceVersionMatch": {"NotOlderThan"}, "allowWatchBookmarks": {"true"},
	}
	if name != "" {
		query.Set("fieldSelector", "metadata.name="+name)
	}
	path := r.path + "?" + query.Encode()
	return func(yield func(Event[P], error) bool) {
		w := watcher[T, P]{known: map[types.NamespacedName]seen{}, yield: yield}
		for {
			opened := time.Now()
			err := w.follow(ctx, r.client, path)
			switch {
			case errors.Is(err, errEnough):
				return
			case ctx.Err() != nil:
				yield(Event[P]{}, ctx.Err())
				return
			case err != nil && !apierrors.IsGone(err) && !apierrors.IsResourceExpired(err) && !errors.Is(err, errCut):
				yield(Event[P]{}, err)
				return
			}
			if time.Since(opened) < shortWatch {
				pause(ctx, shortWatch/5)
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

var (
	errEnough = errors.New("the caller has seen enough")
	errCut    = errors.New("the watch was cut")
)

// seen is what is remembered of an object that was told.
type seen struct {
	uid     types.UID
	version string
}

type watcher[T any, P store.Object[T]] struct {
	known map[types.NamespacedName]seen
	yield func(Event[P], error) bool
	told  bool // the Bookmark
}

// follow opens one watch and tells of it until it ends.
func (w *watcher[T, P]) follow(ctx context.Context, c *Client, path string) error {
	body, err := c.Stream(ctx, path)
	if err != nil {
		return err
	}
	defer body.Close()
	initial := map[types.NamespacedName]bool{}
	for dec := json.NewDecoder(body); ; {
		var e struct {
			Type   watch.EventType `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := dec.Decode(&e); err != nil {
			return errCut
		}
		if err := w.take(e.Type, e.Object, &initial); err != nil {
			return err
		}
	}
}

// take handles one event of a watch. initial holds the objects that the watch began with, until all are told.
func (w *watcher[T, P]) take(kind watch.EventType, raw []byte, initial *map[types.NamespacedName]bool) error {
	if kind == watch.Error {
		var s metav1.Status
		if err := json.Unmarshal(raw, &s); err != nil {
			return fmt.Errorf("decode why a watch ended: %w", err)
		}
		return &apierrors.StatusError{ErrStatus: s}
	}
	obj := P(new(T))
	if err := json.Unmarshal(raw, obj); err != nil {
		return fmt.Errorf("decode a watch event: %w", err)
	}
	key := types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}
	switch kind {
	case watch.Bookmark:
		if *initial == nil || obj.GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
			return nil
		}
		began := *initial
		*initial = nil
		return w.synced(began)
	case watch.Deleted:
		delete(w.known, key)
		return w.tell(watch.Deleted, obj)
	default:
		if *initial != nil {
			(*initial)[key] = true
		}
		return w.present(key, obj)
	}
}

// present tells of an object that is there, unless it was told as it is.
func (w *watcher[T, P]) present(key types.NamespacedName, obj P) error {
	now := seen{obj.GetUID(), obj.GetResourceVersion()}
	before, known := w.known[key]
	if known && before == now {
		return nil
	}
	w.known[key] = now
	switch {
	case !known:
		return w.tell(watch.Added, obj)
	case before.uid != now.uid:
		if err := w.tell(watch.Deleted, gone[T, P](key, before)); err != nil {
			return err
		}
		return w.tell(watch.Added, obj)
	default:
		return w.tell(watch.Modified, obj)
	}
}

// synced tells what went away between two watches, and, once, that all is told.
func (w *watcher[T, P]) synced(there map[types.NamespacedName]bool) error {
	for key, s := range w.known {
		if there[key] {
			continue
		}
		delete(w.known, key)
		if err := w.tell(watch.Deleted, gone[T, P](key, s)); err != nil {
			return err
		}
	}
	if w.told {
		return nil
	}
	w.told = true
	return w.tell(watch.Bookmark, nil)
}

func gone[T any, P store.Object[T]](key types.NamespacedName, s seen) P {
	obj := P(new(T))
	obj.SetNamespace(key.Namespace)
	obj.SetName(key.Name)
	obj.SetUID(s.uid)
	return obj
}

func (w *watcher[T, P]) tell(kind watch.EventType, obj P) error {
	if !w.yield(Event[P]{kind, obj}, nil) {
		return errEnough
	}
	return nil
}
