package loop

import (
	"context"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/berth-desktop/berth/backend/api/store"
)

// A watch that ended without getting anywhere is begun again after firstPause, and then less and less often.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Handler maps what happened to an object to what is to be reconciled. Any function may be nil.
type Handler[P any] struct {
	// Changed is called for each object that is there and each change of one.
	Changed func(obj P, add Add)
	// Gone is called with the last form of an object that is there no more.
	Gone func(obj P, add Add)
	// Synced is called whenever all that is there was told: at first, and after a gap, which may have hidden the end
	// of an object.
	Synced func(add Add)
}

// Watch feeds from all namespaces of a store. When its watch ends, it begins another.
func Watch[T any, P store.Object[T]](s store.Store[T, P], h Handler[P], log *slog.Logger) Feed {
	return func(ctx context.Context, add Add) {
		pause := firstPause
		for {
			synced, err := watchOnce(ctx, s, h, add)
			if ctx.Err() != nil {
				return
			}
			if synced {
				pause = firstPause
			}
			log.Debug("Watch ended, beginning another", "pause", pause, "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			pause = min(2*pause, lastPause)
		}
	}
}

// watchOnce follows one watch to its end, and says whether it got as far as telling all that is there.
func watchOnce[T any, P store.Object[T]](ctx context.Context, s store.Store[T, P], h Handler[P], add Add) (synced bool, err error) {
	w, err := s.Watch(ctx, metav1.NamespaceAll)
	if err != nil {
		return false, err
	}
	defer w.Stop()
	for e := range w.ResultChan() {
		switch e.Type {
		case watch.Added, watch.Modified:
			if obj, ok := e.Object.(P); ok && h.Changed != nil {
				h.Changed(obj, add)
			}
		case watch.Deleted:
			if obj, ok := e.Object.(P); ok && h.Gone != nil {
				h.Gone(obj, add)
			}
		case watch.Bookmark:
			if !synced && h.Synced != nil {
				h.Synced(add)
			}
			synced = true
		case watch.Error:
			err = apierrors.FromObject(e.Object)
		}
	}
	return synced, err
}

// Of is the request to reconcile obj.
func Of(obj metav1.Object) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: obj.GetNamespace(), Name: obj.GetName()}}
}
