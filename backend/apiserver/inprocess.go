package apiserver

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"

	"github.com/berth-desktop/berth/backend/api/store"
)

// inProcess is the daemon's own door to one kind: no HTTP, no admission, no field managers.
type inProcess[T any, P store.Object[T]] struct{ r *registry[T, P] }

func (s inProcess[T, P]) Get(ctx context.Context, key types.NamespacedName) (P, error) {
	obj, err := s.r.main.Get(request.WithNamespace(ctx, key.Namespace), key.Name, &metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return obj.(P), nil
}

func (s inProcess[T, P]) List(ctx context.Context, namespace string) ([]T, error) {
	list, err := s.r.main.List(request.WithNamespace(ctx, namespace), &internalversion.ListOptions{})
	if err != nil {
		return nil, err
	}
	out := make([]T, 0, meta.LenList(list))
	err = meta.EachListItem(list, func(obj runtime.Object) error {
		out = append(out, *obj.(P))
		return nil
	})
	return slices.Clip(out), err
}

func (s inProcess[T, P]) Watch(ctx context.Context, namespace string) (watch.Interface, error) {
	initial := true
	w, err := s.r.main.Watch(request.WithNamespace(ctx, namespace), &internalversion.ListOptions{
		Watch: true, SendInitialEvents: &initial, AllowWatchBookmarks: true,
		ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		return nil, err
	}
	// Events carry a form that is encoded once for all HTTP watches; in process the object itself is wanted.
	return watch.Filter(w, func(e watch.Event) (watch.Event, bool) {
		if c, ok := e.Object.(runtime.CacheableObject); ok {
			e.Object = c.GetObject()
		}
		return e, true
	}), nil
}

func (s inProcess[T, P]) Create(ctx context.Context, obj P) (P, error) {
	out, err := s.r.mirror.Create(request.WithNamespace(ctx, obj.GetNamespace()), obj.DeepCopyObject(), rest.ValidateAllObjectFunc, &metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return out.(P), nil
}

func (s inProcess[T, P]) Update(ctx context.Context, key types.NamespacedName, change func(P) error) (P, error) {
	return update(ctx, s.r.main, key, change)
}

func (s inProcess[T, P]) UpdateStatus(ctx context.Context, key types.NamespacedName, change func(P) error) (P, error) {
	return update(ctx, s.r.status, key, change)
}

func update[T any, P store.Object[T]](ctx context.Context, door *genericregistry.Store, key types.NamespacedName, change func(P) error) (P, error) {
	apply := func(_ context.Context, _, old runtime.Object) (runtime.Object, error) {
		obj := old.DeepCopyObject().(P)
		if err := change(obj); err != nil {
			return nil, err
		}
		return obj, nil
	}
	out, _, err := door.Update(request.WithNamespace(ctx, key.Namespace), key.Name, rest.DefaultUpdatedObjectInfo(nil, apply),
		rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false, &metav1.UpdateOptions{})
	if err != nil {
		return nil, err
	}
	return out.(P), nil
}

func (s inProcess[T, P]) Delete(ctx context.Context, key types.NamespacedName) error {
	_, _, err := s.r.main.Delete(request.WithNamespace(ctx, key.Namespace), key.Name, rest.ValidateAllObjectFunc, &metav1.DeleteOptions{})
	return err
}
