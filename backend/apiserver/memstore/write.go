package memstore

import (
	"context"
	"fmt"
	"reflect"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

// Create implements storage.Interface.
func (s *Store) Create(_ context.Context, key string, obj, out runtime.Object, ttl uint64) error {
	key, err := s.prepare(key, false)
	if err != nil {
		return err
	}
	if rv, err := s.versioner.ObjectResourceVersion(obj); err == nil && rv != 0 {
		return storage.ErrResourceVersionSetOnCreate
	}
	if err := s.versioner.PrepareObjectForStorage(obj); err != nil {
		return fmt.Errorf("prepare %s for storage: %w", key, err)
	}
	mine, err := s.own(obj)
	if err != nil {
		return err
	}
	made, current, err := s.replace(nil, key, mine, ttl)
	if err != nil {
		return err
	}
	if !current {
		return storage.NewKeyExistsError(key, 0)
	}
	if out == nil {
		return nil
	}
	return copyTo(out, made.obj)
}

// Delete implements storage.Interface. The caller's cached object is of no use: ours is as near as his.
func (s *Store) Delete(ctx context.Context, key string, out runtime.Object, pre *storage.Preconditions,
	validate storage.ValidateObjectFunc, _ runtime.Object, opts storage.DeleteOptions,
) error {
	key, err := s.prepare(key, false)
	if err != nil {
		return err
	}
	if _, err := conversion.EnforcePtr(out); err != nil {
		return fmt.Errorf("unable to convert output object to pointer: %w", err)
	}
	for {
		if err := expired(ctx, key); err != nil {
			return err
		}
		old := s.load(key)
		if old == nil {
			return storage.NewKeyNotFoundError(key, 0)
		}
		if opts.ExpectTransformOrDecodeError {
			return storage.NewInvalidObjError(key, "unsafe deletion is not allowed because the object is decodable from storage")
		}
		if err := pre.Check(key, old.obj); err != nil {
			return err
		}
		if err := validate(ctx, old.obj.DeepCopyObject()); err != nil {
			return err
		}
		gone, current, err := s.replace(old, key, nil, 0)
		if err != nil {
			return err
		}
		if current {
			return copyTo(out, gone.obj)
		}
	}
}

// GuaranteedUpdate implements storage.Interface. The caller's cached object is of no use: ours is as near as his.
func (s *Store) GuaranteedUpdate(ctx context.Context, key string, dest runtime.Object, ignoreNotFound bool,
	pre *storage.Preconditions, try storage.UpdateFunc, _ runtime.Object,
) error {
	key, err := s.prepare(key, false)
	if err != nil {
		return err
	}
	if _, err := conversion.EnforcePtr(dest); err != nil {
		return fmt.Errorf("unable to convert output object to pointer: %w", err)
	}
	for {
		if err := expired(ctx, key); err != nil {
			return err
		}
		old := s.load(key)
		if old == nil && !ignoreNotFound {
			return storage.NewKeyNotFoundError(key, 0)
		}
		mine, ttl, err := s.propose(key, old, pre, try)
		if err != nil {
			// What was read may have changed since, and only the newest state may refuse.
			if s.load(key) != old {
				continue
			}
			return err
		}
		if old != nil && sameContent(mine, old) {
			if s.load(key) != old {
				continue
			}
			return copyTo(dest, old.obj)
		}
		made, current, err := s.replace(old, key, mine, ttl)
		if err != nil {
			return err
		}
		if current {
			return copyTo(dest, made.obj)
		}
	}
}

// propose asks the caller what old is to become.
func (s *Store) propose(key string, old *entry, pre *storage.Preconditions, try storage.UpdateFunc) (runtime.Object, uint64, error) {
	in := s.options.NewFunc()
	var known storage.ResponseMeta
	if old != nil {
		in, known.ResourceVersion = old.obj.DeepCopyObject(), old.rv
	}
	if err := pre.Check(key, in); err != nil {
		return nil, 0, err
	}
	obj, ttl, err := try(in, known)
	if err != nil {
		return nil, 0, err
	}
	if err := s.versioner.PrepareObjectForStorage(obj); err != nil {
		return nil, 0, fmt.Errorf("prepare %s for storage: %w", key, err)
	}
	mine, err := s.own(obj)
	if err != nil {
		return nil, 0, err
	}
	if ttl == nil {
		return mine, 0, nil
	}
	return mine, *ttl, nil
}

// own makes the private copy that is stored. It comes out as it would from a codec's round trip.
func (s *Store) own(obj runtime.Object) (runtime.Object, error) {
	mine := obj.DeepCopyObject()
	if _, err := meta.Accessor(mine); err != nil {
		return nil, err
	}
	s.times.truncate(reflect.ValueOf(mine).Elem())
	return mine, nil
}

// sameContent compares as serialized forms would: the version and the kind do not count, and nil is as good as empty.
// obj is our own and may be written to.
func sameContent(obj runtime.Object, old *entry) bool {
	setVersion(obj, old.rv)
	obj.GetObjectKind().SetGroupVersionKind(old.obj.GetObjectKind().GroupVersionKind())
	return apiequality.Semantic.DeepEqual(obj, old.obj)
}

// expired says that the request's time is up.
func expired(ctx context.Context, key string) error {
	if ctx.Err() == nil {
		return nil
	}
	return storage.NewTimeoutError(key, "request did not complete within requested timeout")
}

// replace puts obj in the place of old, if old is still what is there: nil for nothing. A nil obj deletes. It returns
// what is there now or, for a delete, what was, under its last version.
func (s *Store) replace(old *entry, key string, obj runtime.Object, ttl uint64) (e *entry, current bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if cur, _ := s.tree.Get(&entry{key: key}); cur != old {
		return nil, false, nil
	}
	if err := s.persist(key, obj); err != nil {
		return nil, true, storage.NewInternalError(err)
	}
	return s.publish(old, key, obj, ttl), true, nil
}

func (s *Store) persist(key string, obj runtime.Object) error {
	switch {
	case s.options.Persister == nil:
		return nil
	case obj == nil:
		return s.options.Persister.Delete(s.relative(key))
	default:
		return s.options.Persister.Put(s.relative(key), obj)
	}
}

// publish makes a change visible; writing is held. The version is given out under mu, so whoever reads the counter
// under mu has seen every event of this Store up to there.
func (s *Store) publish(old *entry, key string, obj runtime.Object, ttl uint64) *entry {
	ev := &event{at: time.Now(), prev: old}
	s.mu.Lock()
	ev.rv = s.backend.Bump()
	if obj != nil {
		setVersion(obj, ev.rv)
		ev.cur = &entry{key: key, rv: ev.rv, obj: obj}
		ev.present = &shared{obj: obj}
		s.tree.ReplaceOrInsert(ev.cur)
	} else {
		s.tree.Delete(old)
	}
	ev.count = s.tree.Len()
	s.history.add(ev)
	s.age()
	s.mu.Unlock()
	s.audience.wake()

	if old != nil && old.ttl != nil {
		old.ttl.Stop()
	}
	if obj == nil {
		return &entry{key: key, rv: ev.rv, obj: ev.departed().obj}
	}
	if ttl != 0 {
		s.expireAfter(ev.cur, time.Duration(ttl)*time.Second)
	}
	return ev.cur
}

// expireAfter deletes e in a while, unless it was replaced by then; writing is held.
func (s *Store) expireAfter(e *entry, d time.Duration) {
	e.ttl = time.AfterFunc(d, func() {
		_, current, err := s.replace(e, e.key, nil, 0)
		if !current || err == nil {
			return
		}
		// The disk refuses for now. Nobody waits for an answer, so it is tried until it works.
		s.writing.Lock()
		defer s.writing.Unlock()
		if !s.closed {
			s.expireAfter(e, d)
		}
	})
}

// age sees to it that the history does not keep a burst for ever; mu is held for writing.
func (s *Store) age() {
	if s.aging != nil || s.closed || s.history.surplus() == 0 {
		return
	}
	// Once a tenth of the time is exact enough, and every event finds the timer running already.
	s.aging = time.AfterFunc(s.options.Retain/10+time.Millisecond, func() {
		s.writing.Lock()
		defer s.writing.Unlock()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.aging = nil
		s.history.dropOlder(time.Now().Add(-s.options.Retain))
		s.age()
	})
}
