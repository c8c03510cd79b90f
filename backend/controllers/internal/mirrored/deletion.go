package mirrored

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/berth-desktop/berth/backend/api/condition"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
	"github.com/berth-desktop/berth/backend/controllers/internal/loop"
	"github.com/berth-desktop/berth/backend/engine"
)

const (
	// deadline is how long an engine may take to remove a thing.
	deadline = time.Minute
	// soon is when a delete is tried again that failed for a reason which may pass without a word.
	soon = 5 * time.Second
	// patience is the same for a delete that waits for a change that it is told of: not all that is in a delete's way
	// has an event.
	patience = 30 * time.Second
)

// Deletion carries out the deletes of one kind. All fields but Users and Free are required.
type Deletion[T any, P store.Object[T]] struct {
	Store   store.Store[T, P]
	Waiting *Waiting
	// Bare says that obj never stood for anything in an engine: there is nothing to remove.
	Bare func(obj P) bool
	// Remove removes the thing in the engine that obj stands for.
	Remove func(ctx context.Context, obj P) error
	// Users names what needs that thing. It is nil for a kind that nothing needs.
	Users func(ctx context.Context, obj P) ([]string, error)
	// Conditions finds the conditions in obj's status.
	Conditions func(obj P) *[]metav1.Condition
	// Free says that obj's own status knows of nobody who needs it any more. It is nil for a kind whose status does
	// not tell.
	Free func(obj P) bool
	Log  *slog.Logger
}

// CarryOut removes the thing and lets obj go, or says in obj's status why that has to wait.
func (d Deletion[T, P]) CarryOut(ctx context.Context, obj P) (reconcile.Result, error) {
	req := loop.Of(obj)
	if d.Bare(obj) {
		return reconcile.Result{}, Release(ctx, d.Store, req.NamespacedName)
	}
	d.Waiting.Add(req)
	err := d.remove(ctx, obj)
	switch {
	case ctx.Err() != nil:
		return reconcile.Result{}, ctx.Err()
	case err == nil, errors.Is(err, engine.ErrNotFound):
		d.Waiting.Remove(req)
		return reconcile.Result{}, Release(ctx, d.Store, req.NamespacedName)
	}
	return d.delay(ctx, obj, err)
}

// Due says whether a change of obj is a reason to carry out its delete. One that has been delayed is tried again when
// what it waits for has changed, and not because obj has, lest our own words about it set us going.
func (d Deletion[T, P]) Due(obj P) bool {
	if !Deletes(obj) {
		return false
	}
	delayed := condition.Get(*d.Conditions(obj), containers.ConditionDeleting)
	return delayed.Status == "" || delayed.Reason == containers.ReasonInUse && d.Free != nil && d.Free(obj)
}

func (d Deletion[T, P]) remove(ctx context.Context, obj P) error {
	limited, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	err := d.Remove(limited, obj)
	if limited.Err() != nil && ctx.Err() == nil {
		return Away(fmt.Sprintf("The engine has not answered for %s.", deadline))
	}
	return err
}

func (d Deletion[T, P]) delay(ctx context.Context, obj P, refusal error) (reconcile.Result, error) {
	var users []string
	if d.Users != nil && errors.Is(refusal, engine.ErrConflict) {
		var err error
		if users, err = d.Users(ctx, obj); err != nil {
			return reconcile.Result{}, fmt.Errorf("find out who uses %s: %w", obj.GetName(), err)
		}
	}
	reason, message := d.why(refusal, users)
	d.Log.Debug("Delete has to wait", "object", obj.GetName(), "reason", reason, "error", refusal)
	again := patience
	if d.Users == nil || errors.Is(refusal, engine.ErrUnavailable) {
		again = soon
	}
	return reconcile.Result{RequeueAfter: again}, d.say(ctx, obj, reason, message)
}

// say writes into obj's status why its delete has to wait.
func (d Deletion[T, P]) say(ctx context.Context, obj P, reason, message string) error {
	_, err := d.Store.UpdateStatus(ctx, loop.Of(obj).NamespacedName, func(obj P) error {
		condition.Set(d.Conditions(obj), metav1.Condition{
			Type:               containers.ConditionDeleting,
			Status:             metav1.ConditionFalse,
			Reason:             reason,
			Message:            message,
			ObservedGeneration: obj.GetGeneration(),
		}, time.Now())
		return nil
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("say why %s is still there: %w", obj.GetName(), err)
	}
	return nil
}

// why turns what is in the way of a delete into a reason and a sentence for the user. users may be unknown: the
// mirror can be behind, and an image can be needed by another image.
func (d Deletion[T, P]) why(refusal error, users []string) (reason, message string) {
	switch {
	case IsAway(refusal):
		return containers.ReasonEngineAway, Sentence(refusal)
	case d.Users == nil, !errors.Is(refusal, engine.ErrConflict):
		return containers.ReasonRefused, Sentence(refusal)
	case len(users) == 0:
		return containers.ReasonInUse, Sentence(refusal)
	default:
		return containers.ReasonInUse, "In use by " + several(users) + ". It is deleted as soon as it is free."
	}
}

// several names a few things and counts the others.
func several(names []string) string {
	const shown = 5
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	kind := "container "
	if len(names) > 1 {
		kind = "containers "
	}
	if len(names) <= shown {
		return kind + strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s%s and %d more", kind, strings.Join(names[:shown], ", "), len(names)-shown)
}

// Sentence is what err says, as the beginning of a line for the user. Engines repeat what they were given, at any length.
func Sentence(err error) string {
	const most = 2000
	s := err.Error()
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return "It failed, and the engine does not say why."
	}
	return string(unicode.ToUpper(first)) + s[size:]
}
