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
	// newbornWrites is the daemon's door for new objects: they come with their status.
	newbornWrites
)

// strategy is what the library asks about each write through one door.
type strategy[T any, P store.Object[T]] struct {
	runtime.ObjectTyper
	names.NameGenerator

	kind   kind[T, P]
	writes writes
}

// NamespaceScoped implements all strategies.
func (s strategy[T, P]) NamespaceScoped() bool { return s.kind.namespaced }

// PrepareForCreate implements rest.RESTCreateStrategy.
func (s strategy[T, P]) PrepareForCreate(_ context.Context, obj runtime.Object) {
	o := obj.(P)
	if s.writes != newbornWrites {
		s.kind.setStatus(o, new(T))
	}
	o.SetGeneration(1)
}

// PrepareForUpdate implements rest.RESTUpdateStrategy. It puts back what this door does not let through. obj may share
// memory with old: nothing changes either of them in place after it.
func (s strategy[T, P]) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	o, was := obj.(P), old.(P)
	if s.writes == statusWrites {
		proposed := *o
		*o = *was
		s.kind.setStatus(o, &proposed)
		return
	}
	s.kind.setStatus(o, was)
	o.SetGeneration(was.GetGeneration())
	if s.kind.sameSpec != nil && !s.kind.sameSpec(o, was) {
		o.SetGeneration(was.GetGeneration() + 1)
	}
	noteAsker(ctx, o, was)
}

// Validate implements rest.RESTCreateStrategy. What the daemon itself creates is a mirror of what is so.
func (s strategy[T, P]) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	return s.check(ctx, obj.(P), nil)
}

// ValidateUpdate implements rest.RESTUpdateStrategy. Status is not validated: the daemon wrote it.
func (s strategy[T, P]) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	if s.writes == statusWrites {
		return nil
	}
	return s.check(ctx, obj.(P), old.(P))
}

func (s strategy[T, P]) check(ctx context.Context, obj, old P) (errs field.ErrorList) {
	if s.kind.validate != nil {
		errs = s.kind.validate(obj, old)
	}
	if s.kind.admit != nil && len(errs) == 0 {
		errs = s.kind.admit(ctx, obj, old)
	}
	return errs
}

// WarningsOnCreate implements rest.RESTCreateStrategy.
func (strategy[T, P]) WarningsOnCreate(context.Context, runtime.Object) []string { return nil }

// WarningsOnUpdate implements rest.RESTUpdateStrategy.
func (strategy[T, P]) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// AllowCreateOnUpdate implements rest.RESTUpdateStrategy.
func (strategy[T, P]) AllowCreateOnUpdate(context.Context) bool { return false }

// AllowUnconditionalUpdate implements rest.RESTUpdateStrategy.
func (strategy[T, P]) AllowUnconditionalUpdate(context.Context) bool { return true }

// Canonicalize implements both write strategies.
func (strategy[T, P]) Canonicalize(runtime.Object) {}

// GetResetFields tells server-side apply which fields this door drops, so that no manager comes to own them.
func (s strategy[T, P]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	reset := fieldpath.NewSet(fieldpath.MakePathOrDie("status"))
	if s.writes == statusWrites {
		reset = fieldpath.NewSet(fieldpath.MakePathOrDie("spec"), fieldpath.MakePathOrDie("metadata"))
	}
	return map[fieldpath.APIVersion]*fieldpath.Set{fieldpath.APIVersion(s.kind.group.String()): reset}
}
