// Package store is how the parts of the daemon reach API objects without HTTP: a narrow, typed door to a registry.
// backend/apiserver implements it; only backend/mirror and backend/controllers are handed one, because such calls
// skip admission and field managers.
package store

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// Object is a pointer to an API type T.
type Object[T any] interface {
	*T
	metav1.Object
	runtime.Object
}

// Store holds the objects of one kind. All objects that it takes are copied, all that it gives belong to the caller.
// Errors are the API's own: apierrors.IsNotFound and its siblings tell them apart.
// The namespace is empty for cluster-scoped kinds, and, in List and Watch, for all namespaces.
type Store[T any, P Object[T]] interface {
	Get(ctx context.Context, key types.NamespacedName) (P, error)
	List(ctx context.Context, namespace string) ([]T, error)
	// Watch gives what is there as Added events, one Bookmark, and then each change, until ctx ends or the watcher
	// falls too far behind, which closes the channel (after an Error event): the caller then watches again.
	Watch(ctx context.Context, namespace string) (watch.Interface, error)
	// Create stores obj with its status and finalizers.
	Create(ctx context.Context, obj P) (P, error)
	// Update changes metadata and spec of the current object; changes to status are dropped. change is called again
	// with a newer object if somebody else wrote meanwhile, so there is never a conflict to handle. An error from
	// change ends the update and is returned as it is; an unchanged object is not written.
	Update(ctx context.Context, key types.NamespacedName, change func(P) error) (P, error)
	// UpdateStatus does the same for status alone; changes to anything else are dropped.
	UpdateStatus(ctx context.Context, key types.NamespacedName, change func(P) error) (P, error)
	// Delete asks for deletion: an object with finalizers stays, with its deletion timestamp, until they are gone.
	Delete(ctx context.Context, key types.NamespacedName) error
}
