package memstore

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

// span is the part of the keys that a request is about.
type span struct {
	prefix    string // the one key, or what all keys begin with
	start     string // the first key that is wanted, when an earlier page ended before it
	recursive bool
}

func (p span) holds(key string) bool {
	if !p.recursive {
		return key == p.start
	}
	return key >= p.start && strings.HasPrefix(key, p.prefix)
}

// GetList implements storage.Interface.
func (s *Store) GetList(ctx context.Context, key string, opts storage.ListOptions, list runtime.Object) error {
	prefix, err := s.prepare(key, opts.Recursive)
	if err != nil {
		return err
	}
	items, err := itemsOf(list)
	if err != nil {
		return err
	}
	rev, from, err := storage.ValidateListOptions(prefix, s.versioner, opts)
	if err != nil {
		return err
	}
	p := span{prefix: prefix, start: cmp.Or(from, prefix), recursive: opts.Recursive}
	var found []*entry
	var rv uint64
	if rev > 0 {
		rv = uint64(rev)
		found, err = s.past(p, rv, opts.Predicate.Continue != "")
	} else {
		found, rv, err = s.present(p, opts.ResourceVersion)
	}
	if err != nil {
		return err
	}
	last, more, err := fill(ctx, items, found, opts.Predicate)
	if err != nil {
		return err
	}
	next, remaining, err := storage.PrepareContinueToken(last, prefix, int64(rv), int64(len(found)), more, opts)
	if err != nil {
		return err
	}
	return s.versioner.UpdateList(list, rv, next, remaining)
}

// itemsOf is the slice of a list object, to be filled.
func itemsOf(list runtime.Object) (reflect.Value, error) {
	ptr, err := meta.GetItemsPtr(list)
	if err != nil {
		return reflect.Value{}, err
	}
	v, err := conversion.EnforcePtr(ptr)
	if err != nil {
		return reflect.Value{}, fmt.Errorf("fill %T: %w", list, err)
	}
	if v.Kind() != reflect.Slice {
		return reflect.Value{}, fmt.Errorf("fill %T: its items are a %v", list, v.Kind())
	}
	return v, nil
}

// fill appends copies of what the predicate selects, up to its limit. last is the last key that was looked at, and more
// says that there are others behind it. No lock is held.
func fill(ctx context.Context, items reflect.Value, found []*entry, pred storage.SelectionPredicate) (last string, more bool, err error) {
	if pred.Empty() && pred.Limit == 0 && items.Cap() < len(found) {
		items.Set(reflect.MakeSlice(items.Type(), 0, len(found)))
	}
	for i, e := range found {
		if pred.Limit > 0 && int64(items.Len()) >= pred.Limit {
			more = true
			break
		}
		if i%256 == 0 {
			if err := expired(ctx, e.key); err != nil {
				return "", false, err
			}
		}
		last = e.key
		// An object whose fields cannot be told is selected by nothing, as in etcd's store.
		if ok, err := pred.Matches(e.obj); err == nil && ok {
			items.Set(reflect.Append(items, reflect.ValueOf(e.obj.DeepCopyObject()).Elem()))
		}
	}
	if items.IsNil() { // [] for clients, never null
		items.Set(reflect.MakeSlice(items.Type(), 0, 0))
	}
	return last, more, nil
}

// present is the newest state of a span, and its version.
func (s *Store) present(p span, atLeast string) ([]*entry, uint64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	now := s.backend.Current()
	if err := s.checkReached(atLeast, now); err != nil {
		return nil, 0, err
	}
	return s.collect(p), now, nil
}

// past is the state of a span as it was at version rv.
func (s *Store) past(p span, rv uint64, paging bool) ([]*entry, error) {
	found, later, err := s.sinceVersion(p, rv, paging)
	if err != nil {
		return nil, err
	}
	return rewind(p, found, later), nil
}

func (s *Store) sinceVersion(p span, rv uint64, paging bool) (found []*entry, later []*event, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if now := s.backend.Current(); rv > now {
		return nil, nil, storage.NewTooLargeResourceVersionError(rv, now, 0)
	}
	if rv < s.history.compacted {
		return nil, nil, tooOld(p, paging)
	}
	return s.collect(p), slices.Clone(s.history.events[s.history.after(rv):]), nil
}

// rewind undoes the later events on a state.
func rewind(p span, found []*entry, later []*event) []*entry {
	was := map[string]*entry{} // nil: it was not there
	for _, e := range slices.Backward(later) {
		if key := e.key(); p.holds(key) {
			was[key] = e.prev
		}
	}
	if len(was) == 0 {
		return found
	}
	past := slices.DeleteFunc(found, func(e *entry) bool {
		_, changed := was[e.key]
		return changed
	})
	for _, e := range was {
		if e != nil {
			past = append(past, e)
		}
	}
	slices.SortFunc(past, func(a, b *entry) int { return strings.Compare(a.key, b.key) })
	return past
}

// collect is the newest state of a span in the order of keys; mu is held. It takes pointers only: 5,000 of them cost
// less than one copy of an object.
func (s *Store) collect(p span) []*entry {
	if !p.recursive {
		if e, ok := s.tree.Get(&entry{key: p.start}); ok {
			return []*entry{e}
		}
		return nil
	}
	var found []*entry
	if p.prefix == s.options.ResourcePrefix && p.start == p.prefix {
		found = make([]*entry, 0, s.tree.Len())
	}
	s.tree.AscendGreaterOrEqual(&entry{key: p.start}, func(e *entry) bool {
		if !strings.HasPrefix(e.key, p.prefix) {
			return false
		}
		found = append(found, e)
		return true
	})
	return found
}

// The words of etcd's store: clients and people know them.
const (
	tooOldList     = "The resourceVersion for the provided list is too old."
	tooOldContinue = "The provided continue parameter is too old " +
		"to display a consistent list result. You can start a new list without " +
		"the continue parameter, or use the continue token in this response to " +
		"retrieve the remainder of the results. Continuing with the provided " +
		"token results in an inconsistent list - objects that were created, " +
		"modified, or deleted between the time the first chunk was returned " +
		"and now may show up in the list."
)

// tooOld is 410 for a list. In the midst of paging it carries a token to go on with, at the price of consistency.
func tooOld(p span, paging bool) error {
	if !paging {
		return apierrors.NewResourceExpired(tooOldList)
	}
	err := apierrors.NewResourceExpired(tooOldContinue)
	token, encodeErr := storage.EncodeContinue(p.start, p.prefix, -1)
	if encodeErr != nil {
		return encodeErr
	}
	err.ErrStatus.Continue = token
	return err
}
