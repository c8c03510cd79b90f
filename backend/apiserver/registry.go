package apiserver

import (
	"context"
	"fmt"
	"path/filepath"

	"k8s.io/apimachinery/pkg/api/meta"
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

// registry is the doors to the objects of one kind. All lead to the same storage.
type registry[T any, P store.Object[T]] struct {
	kind   kind[T, P]
	main   *genericregistry.Store // metadata and spec
	status *genericregistry.Store // status
	mirror *genericregistry.Store // new objects with their status
	mem    *memstore.Store
}

func newRegistry[T any, P store.Object[T]](k kind[T, P], scheme *runtime.Scheme, codec runtime.Codec, versions *memstore.Backend, objects string) (*registry[T, P], error) {
	r := &registry[T, P]{kind: k}
	door := func(w writes) strategy[T, P] {
		return strategy[T, P]{ObjectTyper: scheme, NameGenerator: names.SimpleNameGenerator, kind: k, writes: w}
	}
	public := door(specWrites)
	r.main = &genericregistry.Store{
		NewFunc:                   k.new,
		NewListFunc:               k.newList,
		DefaultQualifiedResource:  k.resource(),
		SingularQualifiedResource: schema.GroupResource{Group: k.group.Group, Resource: k.singular},
		PredicateFunc: func(l labels.Selector, f fields.Selector) storage.SelectionPredicate {
			return storage.SelectionPredicate{Label: l, Field: f, GetAttrs: k.attributes}
		},
		CreateStrategy: public, UpdateStrategy: public, DeleteStrategy: public, ResetFieldsStrategy: public,
		TableConvertor: table[T, P]{k},
	}
	options := &generic.StoreOptions{AttrFunc: k.attributes, RESTOptions: restOptions{codec: codec, decorator: r.decorator(versions, objects)}}
	if err := r.main.CompleteWithOptions(options); err != nil {
		return nil, fmt.Errorf("build the registry of %s: %w", k.plural, err)
	}
	status, mirror := *r.main, *r.main
	status.UpdateStrategy, status.ResetFieldsStrategy = door(statusWrites), door(statusWrites)
	mirror.CreateStrategy = door(mirrorWrites)
	r.status, r.mirror = &status, &mirror
	return r, nil
}

// decorator is where the libraries ask for a storage; they get ours.
func (r *registry[T, P]) decorator(versions *memstore.Backend, objects string) generic.StorageDecorator {
	return func(c *storagebackend.ConfigForResource, prefix string, _ func(runtime.Object) (string, error), newFunc, _ func() runtime.Object,
		_ storage.AttrFunc, _ storage.IndexerFuncs, _ *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		o := memstore.Options{ResourcePrefix: prefix + "/", NewFunc: newFunc}
		if r.kind.kept {
			o.Persister = memstore.Files{Dir: filepath.Join(objects, r.kind.plural), Codec: c.Codec}
		}
		mem, err := memstore.New(versions, o)
		if err != nil {
			return nil, nil, err
		}
		r.mem = mem
		return mem, mem.Close, nil
	}
}

// routes are what is served over HTTP. Only the daemon writes status, and it does so in process.
func (r *registry[T, P]) routes() map[string]rest.Storage {
	return map[string]rest.Storage{
		r.kind.plural:             publicREST{r.main, r.kind.short},
		r.kind.plural + "/status": statusREST{r.main},
	}
}

type publicREST struct {
	*genericregistry.Store

	short []string
}

func (r publicREST) ShortNames() []string { return r.short }
func (publicREST) Categories() []string   { return []string{"all", "berth"} }

// statusREST lets status be read.
type statusREST struct{ store *genericregistry.Store }

func (r statusREST) New() runtime.Object { return r.store.New() }
func (statusREST) Destroy()              {}

func (r statusREST) Get(ctx context.Context, name string, o *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, o)
}

func (r statusREST) ConvertToTable(ctx context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, obj, options)
}

func (k kind[T, P]) attributes(obj runtime.Object) (labels.Set, fields.Set, error) {
	o, ok := obj.(P)
	if !ok {
		return nil, nil, fmt.Errorf("%T is none of the %s", obj, k.plural)
	}
	set := fields.Set{}
	if k.selectable != nil {
		set = k.selectable(o)
	}
	set["metadata.name"] = o.GetName()
	if k.namespaced {
		set["metadata.namespace"] = o.GetNamespace()
	}
	return o.GetLabels(), set, nil
}

type restOptions struct {
	codec     runtime.Codec
	decorator generic.StorageDecorator
}

func (r restOptions) GetRESTOptions(resource schema.GroupResource, _ runtime.Object) (generic.RESTOptions, error) {
	config := storagebackend.NewDefaultConfig("", r.codec)
	return generic.RESTOptions{
		StorageConfig: config.ForResource(resource), Decorator: r.decorator,
		EnableGarbageCollection: false, DeleteCollectionWorkers: 1, ResourcePrefix: "/" + resource.Resource,
	}, nil
}

// table writes what kubectl shows.
type table[T any, P store.Object[T]] struct{ kind kind[T, P] }

func (t table[T, P]) ConvertToTable(_ context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	out := &metav1.Table{}
	if o, ok := options.(*metav1.TableOptions); !ok || !o.NoHeaders {
		name := metav1.TableColumnDefinition{Name: "Name", Type: "string", Format: "name", Description: "the object's name"}
		out.ColumnDefinitions = append(append([]metav1.TableColumnDefinition{name}, t.kind.columns...), column("Age", "since Berth first saw it"))
	}
	row := func(obj runtime.Object) error {
		o, ok := obj.(P)
		if !ok {
			return fmt.Errorf("show %T as one of the %s", obj, t.kind.plural)
		}
		created := o.GetCreationTimestamp()
		cells := append(append([]any{o.GetName()}, t.kind.cells(o)...), age(&created))
		out.Rows = append(out.Rows, metav1.TableRow{Cells: cells, Object: runtime.RawExtension{Object: obj}})
		return nil
	}
	if !meta.IsListType(obj) {
		if m, err := meta.CommonAccessor(obj); err == nil {
			out.ResourceVersion = m.GetResourceVersion()
		}
		return out, row(obj)
	}
	if l, err := meta.ListAccessor(obj); err == nil {
		out.ResourceVersion, out.Continue, out.RemainingItemCount = l.GetResourceVersion(), l.GetContinue(), l.GetRemainingItemCount()
	}
	return out, meta.EachListItem(obj, row)
}
