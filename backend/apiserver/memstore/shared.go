package memstore

import (
	"bytes"
	"io"
	"reflect"
	"strconv"
	"sync"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// shared is one version of an object on its way to watches: it is encoded once for each format, however many watch.
// Whoever wants the object itself gets a copy of his own from GetObject, or looks at it with Peek.
type shared struct {
	obj runtime.Object

	mu   sync.Mutex
	cold bool // keep no bytes: there is one reader, or the event is so old that few will still come
	done map[runtime.Identifier]*encoded
}

type encoded struct {
	sync.Once
	bytes []byte
	err   error
}

var _ runtime.CacheableObject = (*shared)(nil)

// CacheEncode implements runtime.CacheableObject.
func (s *shared) CacheEncode(id runtime.Identifier, encode func(runtime.Object, io.Writer) error, w io.Writer) error {
	e := s.slot(id)
	if e == nil {
		return encode(shallowCopy(s.obj), w)
	}
	e.Do(func() {
		var b bytes.Buffer
		e.err = encode(shallowCopy(s.obj), &b)
		e.bytes = b.Bytes()
	})
	if e.err != nil {
		return e.err
	}
	if splice, ok := w.(runtime.Splice); ok {
		splice.Splice(e.bytes)
		return nil
	}
	_, err := w.Write(e.bytes)
	return err
}

// slot is where the bytes of one format are kept; nil if none are to be kept.
func (s *shared) slot(id runtime.Identifier) *encoded {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cold {
		return nil
	}
	e := s.done[id]
	if e == nil {
		if s.done == nil {
			s.done = map[runtime.Identifier]*encoded{}
		}
		e = &encoded{}
		s.done[id] = e
	}
	return e
}

func (s *shared) cool() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cold, s.done = true, nil
}

// GetObject implements runtime.CacheableObject: a copy that belongs to the caller.
func (s *shared) GetObject() runtime.Object { return s.obj.DeepCopyObject() }

// DeepCopyObject implements runtime.Object. What is wrapped never changes, so the copy wraps the same.
func (s *shared) DeepCopyObject() runtime.Object { return single(s.obj) }

// GetObjectKind implements runtime.Object. Callers may set the kind, so they are given one to set.
func (s *shared) GetObjectKind() schema.ObjectKind { return shallowCopy(s.obj).GetObjectKind() }

// GetObjectMeta lets meta.Accessor see through the wrapper.
func (s *shared) GetObjectMeta() metav1.Object {
	m, err := meta.Accessor(s.GetObject())
	if err != nil {
		return nil
	}
	return m
}

// Peek gives the object that a watch event of a Store carries without copying it, for readers that never change it.
// An object that comes from elsewhere is returned as it is.
func Peek(obj runtime.Object) runtime.Object {
	if s, ok := obj.(*shared); ok {
		return s.obj
	}
	return obj
}

// single wraps an object for one reader: nothing is kept.
func single(obj runtime.Object) *shared { return &shared{obj: obj, cold: true} }

// shallowCopy copies the outermost struct. It protects TypeMeta and the plain fields of ObjectMeta, and an encoder
// sets no more than apiVersion and kind.
func shallowCopy(obj runtime.Object) runtime.Object {
	v := reflect.ValueOf(obj).Elem()
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c.Interface().(runtime.Object)
}

// withVersion is obj with another resource version; all else is shared with obj.
func withVersion(obj runtime.Object, rv uint64) runtime.Object {
	c := shallowCopy(obj)
	setVersion(c, rv)
	return c
}

// setVersion writes the resource version. New and own have made sure that stored objects have metadata.
func setVersion(obj runtime.Object, rv uint64) {
	if m, err := meta.Accessor(obj); err == nil {
		m.SetResourceVersion(strconv.FormatUint(rv, 10))
	}
}
