package memstore

import (
	"context"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/conversion"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

// Get implements storage.Interface.
func (s *Store) Get(_ context.Context, key string, opts storage.GetOptions, out runtime.Object) error {
	key, err := s.prepare(key, false)
	if err != nil {
		return err
	}
	s.mu.RLock()
	e, _ := s.tree.Get(&entry{key: key})
	now := s.backend.Current()
	s.mu.RUnlock()
	if err := s.checkReached(opts.ResourceVersion, now); err != nil {
		return err
	}
	if e == nil {
		if opts.IgnoreNotFound {
			return runtime.SetZeroValue(out)
		}
		return storage.NewKeyNotFoundError(key, 0)
	}
	return copyTo(out, e.obj)
}

// load is the newest version at key, or nil.
func (s *Store) load(key string) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, _ := s.tree.Get(&entry{key: key})
	return e
}

// checkReached refuses a read that must not be older than a version which is yet to come. Only a client of a process
// whose clock was ahead of ours can ask for one.
func (s *Store) checkReached(want string, now uint64) error {
	if want == "" {
		return nil
	}
	rv, err := s.versioner.ParseResourceVersion(want)
	if err != nil {
		return apierrors.NewBadRequest(fmt.Sprintf("invalid resource version: %v", err))
	}
	if rv > now {
		return storage.NewTooLargeResourceVersionError(rv, now, 0)
	}
	return nil
}

// copyTo gives the caller a copy of a stored object.
func copyTo(out, obj runtime.Object) error {
	v, err := conversion.EnforcePtr(out)
	if err != nil {
		return fmt.Errorf("unable to convert output object to pointer: %w", err)
	}
	src := reflect.ValueOf(obj.DeepCopyObject()).Elem()
	if src.Type() != v.Type() {
		return fmt.Errorf("give a stored %v as %v: the types differ", src.Type(), v.Type())
	}
	v.Set(src)
	return nil
}
