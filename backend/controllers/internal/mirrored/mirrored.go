// Package mirrored is what the reconcilers of mirrored kinds have in common: the way to the engine, and the end of an
// object whose thing in the engine is to go.
package mirrored

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/engine"
)

// ErrAway is returned, wrapped in words for the user, when a namespace has no engine that could be asked now.
var ErrAway = errors.New("no engine to ask")

// Away is an ErrAway that says no more than message, which is for the user.
func Away(message string) error { return &away{message} }

type away struct{ message string }

func (a *away) Error() string        { return a.message }
func (a *away) Is(target error) bool { return target == ErrAway }

// IsAway says whether err means that the engine could not be asked, rather than that it said no.
func IsAway(err error) bool { return errors.Is(err, ErrAway) || errors.Is(err, engine.ErrUnavailable) }

// Deletes says whether the delete of obj is up to its reconciler.
func Deletes(obj metav1.Object) bool {
	return obj.GetDeletionTimestamp() != nil && slices.Contains(obj.GetFinalizers(), containers.Finalizer)
}

// Release lets obj go: it takes our finalizer away. An object that is gone already was let go by somebody else.
func Release[T any, P store.Object[T]](ctx context.Context, s store.Store[T, P], key types.NamespacedName) error {
	_, err := s.Update(ctx, key, func(obj P) error {
		obj.SetFinalizers(slices.DeleteFunc(obj.GetFinalizers(), func(f string) bool { return f == containers.Finalizer }))
		return nil
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("let %s go: %w", key.Name, err)
	}
	return nil
}
