package apiserver

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
)

// The daemon's own door: no HTTP, no admission, no field managers. Defaults are filled in here, as decoding does for
// those who come over HTTP: a spec that gains its defaults on somebody's first patch would look like a new wish.

// Get implements store.Store.
func (r *registry[T, P]) Get(ctx context.Context, key types.NamespacedName) (P, error) {
	obj, err := r.main.Get(request.WithNamespace(ctx, key.Namespace), key.Name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return obj.(P), nil
}

// List implements store.Store.
func (r *registry[T, P]) List(ctx context.Context, namespace string) ([]T, error) {
	list, err := r.main.List(request.WithNamespace(ctx, namespace), &internalversion.ListOptions{})
	if err != nil {
		return nil, err
	}
	return r.kind.items(list), nil
}

// Watch implements store.Store.
func (r *registry[T, P]) Watch(ctx context.Context, namespace string) (watch.Interface, error) {
	ctx, cancel := context.WithCancel(ctx)
	initial := true
	in, err := r.main.Watch(request.WithNamespace(ctx, namespace), &internalversion.ListOptions{
		Watch: true, SendInitialEvents: &initial, AllowWatchBookmarks: true,
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		cancel()
		return nil, err
	}
	w := &ownWatch{cancel: cancel, out: make(chan watch.Event)}
	go w.run(ctx, in)
	return w, nil
}

// Create implements store.Store.
func (r *registry[T, P]) Create(ctx context.Context, obj P) (P, error) {
	mine := obj.DeepCopyObject()
	r.scheme.Default(mine)
	out, err := r.born.Create(request.WithNamespace(ctx, obj.GetNamespace()), mine, rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return out.(P), nil
}

// Update implements store.Store.
func (r *registry[T, P]) Update(ctx context.Context, key types.NamespacedName, change func(P) error) (P, error) {
	return r.update(ctx, r.main, key, func(obj P) error {
		if err := change(obj); err != nil {
			return err
		}
		r.scheme.Default(obj)
		return nil
	})
}

// UpdateStatus implements store.Store.
func (r *registry[T, P]) UpdateStatus(ctx context.Context, key types.NamespacedName, change func(P) error) (P, error) {
	return r.update(ctx, r.status, key, change)
}

func (r *registry[T, P]) update(ctx context.Context, door *genericregistry.Store, key types.NamespacedName, change func(P) error) (P, error) {
	apply := func(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
		obj := old.DeepCopyObject().(P)
		version := obj.GetResourceVersion()
		if err := change(obj); err != nil {
			return nil, err
		}
		obj.SetResourceVersion(version) // another one would ask for a conflict
		return obj, nil
	}
	out, _, err := door.Update(request.WithNamespace(ctx, key.Namespace), key.Name, rest.DefaultUpdatedObjectInfo(nil, apply),
		nil, nil, false, &metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	return out.(P), nil
}

// Delete implements store.Store.
func (r *registry[T, P]) Delete(ctx context.Context, key types.NamespacedName) error {
	_, _, err := r.main.Delete(request.WithNamespace(ctx, key.Namespace), key.Name, rest.ValidateAllObjectFunc, &metav1.DeleteOptions{})
	return err
}

// ownWatch turns the storage's events into what store.Store promises.
type ownWatch struct {
	cancel context.CancelFunc
	out    chan watch.Event
}

// Stop implements watch.Interface.
func (w *ownWatch) Stop() { w.cancel() }

// ResultChan implements watch.Interface.
func (w *ownWatch) ResultChan() <-chan watch.Event { return w.out }

// run ends with ctx, or with in; then it closes the channel.
func (w *ownWatch) run(ctx context.Context, in watch.Interface) {
	defer close(w.out)
	defer w.cancel()
	defer in.Stop()
	complete := false
	for e := range in.ResultChan() {
		if e.Type == watch.Bookmark {
			if complete {
				continue // it tells how far a watch has come: of use only to one that goes on elsewhere
			}
			complete = true
		}
		// What travels is one object for all watches, made to be encoded once. The receiver gets a copy of his own.
		if c, ok := e.Object.(runtime.CacheableObject); ok {
			e.Object = c.GetObject()
		}
		select {
		case w.out <- e:
		case <-ctx.Done():
			return
		}
	}
}
