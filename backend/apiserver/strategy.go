package apiserver

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/berth-desktop/berth/backend/api/store"
)

// writes says what a door lets through.
type writes int

const (
	// specWrites is the public door: metadata and spec.
	specWrites writes = iota
	// statusWrites is the daemon's door to status.
	statusWrites
	// mirrorWrites is the daemon's door for new objects: they come with their status.
	mirrorWrites
)

// strategy is what a registry asks on each write.
type strategy[T any, P store.Object[T]] struct {
	runtime.ObjectTyper
	names.NameGenerator

	kind   kind[T, P]
	writes writes
}

func (s strategy[T, P]) NamespaceScoped() bool { return s.kind.namespaced }

func (s strategy[T, P]) PrepareForCreate(_ context.Context, obj runtime.Object) {
	o := obj.(P)
	if s.writes == specWrites {
		s.kind.setStatus(o, new(T))
	}
	o.SetGeneration(1)
}

func (s strategy[T, P]) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	o, was := obj.(P), P(old.DeepCopyObject().(P))
	if s.writes == statusWrites {
		fresh := P(was.DeepCopyObject().(P))
		s.kind.setStatus(fresh, o)
		fresh.SetResourceVersion(o.GetResourceVersion())
		fresh.SetManagedFields(o.GetManagedFields())
		*o = *fresh
		return
	}
	s.kind.setStatus(o, was)
	o.SetGeneration(was.GetGeneration())
	if s.kind.sameSpec != nil && !s.kind.sameSpec(o, was) {
		o.SetGeneration(was.GetGeneration() + 1)
	}
}

func (s strategy[T, P]) Validate(_ context.Context, obj runtime.Object) field.ErrorList {
	if s.kind.validate == nil || s.writes != specWrites {
		return nil
	}
	return s.kind.validate(obj.(P), nil)
}

func (s strategy[T, P]) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	if s.kind.validate == nil || s.writes != specWrites {
		return nil
	}
	return s.kind.validate(obj.(P), old.(P))
}

func (strategy[T, P]) WarningsOnCreate(context.Context, runtime.Object) []string        { return nil }
func (strategy[T, P]) WarningsOnUpdate(_ context.Context, _, _ runtime.Object) []string { return nil }
func (strategy[T, P]) AllowCreateOnUpdate(context.Context) bool                         { return false }
func (strategy[T, P]) AllowUnconditionalUpdate(context.Context) bool                    { return true }
func (strategy[T, P]) Canonicalize(runtime.Object)                                      {}

// GetResetFields tells server-side apply which fields this door drops.
func (s strategy[T, P]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	reset := fieldpath.NewSet(fieldpath.MakePathOrDie("status"))
	if s.writes == statusWrites {
		reset = fieldpath.NewSet(fieldpath.MakePathOrDie("spec"), fieldpath.MakePathOrDie("metadata"))
	}
	return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(s.kind.group.String()): reset}
}
