package apiserver

import (
	"context"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/berth-desktop/berth/backend/api/store"
)

// kind is all that the API knows of one kind: what it is called, what of it is shown and selected, what is refused.
type kind[T any, P store.Object[T]] struct {
	group            schema.GroupVersion
	plural, singular string
	short            []string
	namespaced       bool
	kept             bool // outlives the daemon, in a file
	readOnly         bool // over HTTP, where the daemon alone is to write it
	newList          func() runtime.Object
	items            func(list runtime.Object) []T
	columns          []metav1.TableColumnDefinition
	cells            func(P) []any
	selectable       func(P) fields.Set               // besides name and namespace; may be nil
	validate         func(obj, old P) field.ErrorList // old is nil on create; may be nil
	// admit is asked after validate, and may take its time; it may be nil.
	admit     func(ctx context.Context, obj, old P) field.ErrorList
	keep      func(P) error // why nobody who comes over HTTP may delete it; may be nil
	setStatus func(to, from P)
	sameSpec  func(a, b P) bool // nil for a kind that has no spec
}

func (k kind[T, P]) newObject() runtime.Object { return P(new(T)) }

func (k kind[T, P]) resource() schema.GroupResource {
	return k.group.WithResource(k.plural).GroupResource()
}

// attributes are what selectors see of an object.
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

func oneOf[S ~string](path *field.Path, got S, known ...S) field.ErrorList {
	if slices.Contains(known, got) {
		return nil
	}
	return field.ErrorList{field.NotSupported(path, got, known)}
}
