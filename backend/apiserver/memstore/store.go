package memstore

import (
	"context"
	"fmt"
	"path"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/btree"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/storage"
)

// treeDegree is the width of the tree's nodes; the library's documentation uses it, and nothing here depends on it.
const treeDegree = 32

// Persister keeps the objects of one Store over a restart. Keys are relative to the Store's prefix.
//
// Put and Delete are called one at a time, before the change can be seen by anybody; an error refuses the change. They
// may be slow: readers and watches do not wait for them. obj must not be changed.
type Persister interface {
	Put(key string, obj runtime.Object) error
	Delete(key string) error
	// Load gives every object that was kept. An error from accept says that this object is of no use here; it must
	// not be lost for that, and the others are still wanted.
	Load(accept func(key string, obj runtime.Object) error) error
}

// Options of one Store.
type Options struct {
	// ResourcePrefix is what every key begins with, as "/pods/".
	ResourcePrefix string
	// NewFunc makes an empty object of the stored type.
	NewFunc func() runtime.Object
	// History is how many events are kept at least; 0 means 1024. More are kept while there are many objects.
	History int
	// Retain is how long the events beyond History are kept; 0 means five minutes. The memory of a burst is given
	// back after it.
	Retain time.Duration
	// Bookmarks is the time between two bookmarks of a watch that wants them; 0 means one minute.
	Bookmarks time.Duration
	// Progress is the time between two progress notifications; 0 means as Bookmarks.
	Progress time.Duration
	// Persister keeps the objects over a restart; nil means that they are forgotten. A time to live is not kept.
	Persister Persister
	// Encode is used for size estimates only; nil means that there are none.
	Encode func(runtime.Object) ([]byte, error)
}

func (o *Options) setDefaults() {
	if o.History <= 0 {
		o.History = leastHistory
	}
	if o.Retain <= 0 {
		o.Retain = 5 * time.Minute
	}
	if o.Bookmarks <= 0 {
		o.Bookmarks = time.Minute
	}
	if o.Progress <= 0 {
		o.Progress = o.Bookmarks
	}
}

// Store is a storage.Interface for one resource.
type Store struct {
	backend   *Backend
	options   Options
	versioner storage.APIObjectVersioner
	times     timePlan
	estimate  atomic.Bool
	audience  audience

	// writing is held by the one writer of the moment from its last look at the current state until the change can
	// be seen, and so over the Persister's fsync. It is always taken before mu.
	writing sync.Mutex

	// mu guards what is below. It is held for moments only. Changing any of it needs writing as well, so whoever
	// holds writing may read without mu.
	mu      sync.RWMutex
	tree    *btree.BTreeG[*entry]
	history history
	aging   *time.Timer // runs while the history holds more than it must
	closed  bool
}

var _ storage.Interface = (*Store)(nil)

// New makes a Store that holds what its Persister kept.
func New(b *Backend, o Options) (*Store, error) {
	o.setDefaults()
	empty := o.NewFunc()
	if _, err := meta.Accessor(empty); err != nil {
		return nil, fmt.Errorf("store %T: %w", empty, err)
	}
	s := &Store{
		backend: b,
		options: o,
		times:   planTimes(reflect.TypeOf(empty).Elem()),
		tree:    btree.NewG(treeDegree, byKey),
		history: history{least: o.History},
	}
	if o.Persister != nil {
		if err := o.Persister.Load(s.restore); err != nil {
			return nil, fmt.Errorf("load the objects below %s: %w", o.ResourcePrefix, err)
		}
	}
	s.history.peak = s.tree.Len()
	// What earlier processes told their clients is not known here: such a client gets 410 and lists anew.
	s.history.compacted = b.Current()
	s.history.forgotten = s.history.compacted
	return s, nil
}

// restore takes one object from the Persister. It gets a new version: the old one belongs to an earlier process.
func (s *Store) restore(key string, obj runtime.Object) error {
	if want, got := reflect.TypeOf(s.options.NewFunc()), reflect.TypeOf(obj); got != want {
		return fmt.Errorf("it holds a %v, not a %v", got, want)
	}
	m, err := meta.Accessor(obj)
	if err != nil {
		return err
	}
	if path.Base(key) != m.GetName() {
		return fmt.Errorf("it is kept as %q but names itself %q", key, m.GetName())
	}
	full, err := s.prepare(s.options.ResourcePrefix+key, false)
	if err != nil {
		return err
	}
	mine, err := s.own(obj)
	if err != nil {
		return err
	}
	rv := s.backend.Bump()
	setVersion(mine, rv)
	s.tree.ReplaceOrInsert(&entry{key: full, rv: rv, obj: mine})
	return nil
}

// Close ends all watches and timers. Nothing is to be asked of the Store after it.
func (s *Store) Close() {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	s.closed = true
	if s.aging != nil {
		s.aging.Stop()
		s.aging = nil
	}
	s.tree.Ascend(func(e *entry) bool {
		if e.ttl != nil {
			e.ttl.Stop()
		}
		return true
	})
	s.mu.Unlock()
	s.audience.close()
}

// Versioner implements storage.Interface.
func (s *Store) Versioner() storage.Versioner { return s.versioner }

// ReadinessCheck implements storage.Interface. A Store that exists is ready.
func (s *Store) ReadinessCheck() error { return nil }

// GetCurrentResourceVersion implements storage.Interface.
func (s *Store) GetCurrentResourceVersion(context.Context) (uint64, error) {
	return s.backend.Current(), nil
}

// CompactRevision implements storage.Interface. It is 0 until something was let go.
func (s *Store) CompactRevision() int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.history.trimmed {
		return 0
	}
	return int64(s.history.compacted)
}

// Compact forgets the history up to version rv.
func (s *Store) Compact(rv uint64) {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	s.history.compact(rv)
	s.mu.Unlock()
	s.audience.wake()
}

// Watchers is how many watches there are now, those inside this process included.
func (s *Store) Watchers() int { return s.audience.size() }

// RequestWatchProgress implements storage.Interface: each watch that asked for progress says where it is.
func (s *Store) RequestWatchProgress(context.Context) error {
	s.audience.askProgress()
	return nil
}

// EnableResourceSizeEstimation implements storage.Interface. The keys are known here, so keys is not needed.
func (s *Store) EnableResourceSizeEstimation(storage.KeysFunc) error {
	s.estimate.Store(true)
	return nil
}

// Stats implements storage.Interface. The size is that of the first objects, encoded.
func (s *Store) Stats(context.Context) (storage.Stats, error) {
	const enough = 100
	var sample []*entry
	s.mu.RLock()
	stats := storage.Stats{ObjectCount: int64(s.tree.Len())}
	if s.estimate.Load() && s.options.Encode != nil {
		s.tree.Ascend(func(e *entry) bool {
			sample = append(sample, e)
			return len(sample) < enough
		})
	}
	s.mu.RUnlock()
	var sum, n int64
	for _, e := range sample {
		obj := shallowCopy(e.obj)
		if err := s.versioner.PrepareObjectForStorage(obj); err != nil {
			return stats, fmt.Errorf("estimate the size of %s: %w", e.key, err)
		}
		b, err := s.options.Encode(obj)
		if err != nil {
			return stats, fmt.Errorf("estimate the size of %s: %w", e.key, err)
		}
		sum, n = sum+int64(len(b)), n+1
	}
	if n > 0 {
		stats.EstimatedAverageObjectSizeBytes = sum / n
	}
	return stats, nil
}

// prepare checks a key and completes it to what the tree is ordered by.
func (s *Store) prepare(key string, recursive bool) (string, error) {
	return storage.PrepareKey(s.options.ResourcePrefix, key, recursive)
}

// relative is the key below the resource's prefix, as a Persister knows it.
func (s *Store) relative(key string) string { return strings.TrimPrefix(key, s.options.ResourcePrefix) }
