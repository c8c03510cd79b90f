package apiserver

import (
	"context"
	"path/filepath"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/names"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"

	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/apiserver/memstore"
)

// registry is the doors to the objects of one kind. They are copies of one another that differ in their strategies and
// lead to the same storage. It implements store.Store.
type registry[T any, P store.Object[T]] struct {
	kind   kind[T, P]
	scheme *runtime.Scheme
	main   *genericregistry.Store // metadata and spec: what HTTP leads to
	status *genericregistry.Store // status
	born   *genericregistry.Store // new objects that come with their status
}

func newRegistry[T any, P store.Object[T]](b builder, k kind[T, P]) (*registry[T, P], error) {
	door := func(w writes) strategy[T, P] {
		return strategy[T, P]{ObjectTyper: b.scheme, NameGenerator: names.SimpleNameGenerator, kind: k, writes: w}
	}
	public := door(specWrites)
	main := &genericregistry.Store{
		NewFunc:                   k.newObject,
		NewListFunc:               k.newList,
		DefaultQualifiedResource:  k.resource(),
		SingularQualifiedResource: k.group.WithResource(k.singular).GroupResource(),
		PredicateFunc: func(l labels.Selector, f fields.Selector) storage.SelectionPredicate {
			return storage.SelectionPredicate{Label: l, Field: f, GetAttrs: k.attributes}
		},
		CreateStrategy: public, UpdateStrategy: public, DeleteStrategy: public, ResetFieldsStrategy: public,
		TableConvertor: table[T, P]{k},
	}
	options := restOptions{codec: b.codecs.LegacyCodec(k.group), decorator: decorator(b, k)}
	if err := main.CompleteWithOptions(&generic.StoreOptions{AttrFunc: k.attributes, RESTOptions: options}); err != nil {
		return nil, err
	}
	status, born := *main, *main
	status.UpdateStrategy, status.ResetFieldsStrategy = door(statusWrites), door(statusWrites)
	born.CreateStrategy = door(newbornWrites)
	return &registry[T, P]{kind: k, scheme: b.scheme, main: main, status: &status, born: &born}, nil
}

// mayGo refuses to delete what the kind keeps. The daemon's own door has no such lock.
func (r *registry[T, P]) mayGo(_ context.Context, obj runtime.Object) error {
	o, ok := obj.(P)
	if !ok || r.kind.keep == nil {
		return nil
	}
	if err := r.kind.keep(o); err != nil {
		return apierrors.NewForbidden(r.kind.resource(), o.GetName(), err)
	}
	return nil
}

// decorator is where the library asks for a storage; it gets ours.
func decorator[T any, P store.Object[T]](b builder, k kind[T, P]) generic.StorageDecorator {
	return func(c *storagebackend.ConfigForResource, prefix string, _ func(runtime.Object) (string, error), newFunc, _ func() runtime.Object,
		_ storage.AttrFunc, _ storage.IndexerFuncs, _ *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		o := memstore.Options{ResourcePrefix: prefix + "/", NewFunc: newFunc}
		if k.kept {
			o.Persister = memstore.Files{Dir: filepath.Join(b.objects, k.plural), Codec: c.Codec, Log: b.log}
		}
		mem, err := memstore.New(b.versions, o)
		if err != nil {
			return nil, nil, err
		}
		return mem, mem.Close, nil
	}
}

type restOptions struct {
	codec     runtime.Codec
	decorator generic.StorageDecorator
}

// GetRESTOptions implements generic.RESTOptionsGetter. There is no garbage collector, so objects must not get the
// finalizers that only one would remove (kubectl delete --cascade=foreground).
func (r restOptions) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	return generic.RESTOptions{
		StorageConfig: storagebackend.NewDefaultConfig("", r.codec).ForResource(resource), Decorator: r.decorator,
		EnableGarbageCollection: false, DeleteCollectionWorkers: 1, ResourcePrefix: "/" + resource.Resource,
	}, nil
}

// publicREST is a kind over HTTP.
type publicREST struct {
	*genericregistry.Store

	short []string
	mayGo rest.ValidateObjectFunc
}

// Delete implements rest.GracefulDeleter.
func (r publicREST) Delete(ctx context.Context, name string, valid rest.ValidateObjectFunc, o *metav1.DeleteOptions) (runtime.Object, bool, error) {
	return r.Store.Delete(ctx, name, r.both(valid), o)
}

// DeleteCollection implements rest.CollectionDeleter.
func (r publicREST) DeleteCollection(ctx context.Context, valid rest.ValidateObjectFunc, o *metav1.DeleteOptions, list *internalversion.ListOptions) (runtime.Object, error) {
	return r.Store.DeleteCollection(ctx, r.both(valid), o, list)
}

func (r publicREST) both(valid rest.ValidateObjectFunc) rest.ValidateObjectFunc {
	return func(ctx context.Context, obj runtime.Object) error {
		if err := r.mayGo(ctx, obj); err != nil {
			return err
		}
		return valid(ctx, obj)
	}
}

// ShortNames implements rest.ShortNamesProvider.
func (r publicREST) ShortNames() []string { return r.short }

// Categories implements rest.CategoriesProvider.
func (publicREST) Categories() []string { return []string{"all", "berth"} }

// readREST is a kind over HTTP that is only read. It is in none of the other kinds' categories: what happened is not
// among what there is.
type readREST struct {
	rest.Storage
	rest.Scoper
	rest.SingularNameProvider
	rest.Watcher
	reader

	short []string
}

type reader interface {
	rest.Getter
	rest.Lister
}

// ShortNames implements rest.ShortNamesProvider.
func (r readREST) ShortNames() []string { return r.short }

// statusREST lets status be read over HTTP, and nothing else: the daemon alone writes it.
type statusREST struct{ store *genericregistry.Store }

// New implements rest.Storage.
func (r statusREST) New() runtime.Object { return r.store.New() }

// Destroy implements rest.Storage. The store is not its own.
func (statusREST) Destroy() {}

// Get implements rest.Getter.
func (r statusREST) Get(ctx context.Context, name string, o *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, o)
}

// ConvertToTable implements rest.TableConvertor.
func (r statusREST) ConvertToTable(ctx context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, obj, options)
}
