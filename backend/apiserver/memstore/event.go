package memstore

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
)

// entry is one version of one object. It is immutable but for the timer, which belongs to writers.
type entry struct {
	key string
	rv  uint64
	obj runtime.Object // carries rv; read-only for everybody
	ttl *time.Timer
}

// byKey orders the tree, and with it every list.
func byKey(a, b *entry) bool { return a.key < b.key }

// event is one change: prev became cur. A create has no prev, a delete has no cur.
type event struct {
	rv      uint64
	at      time.Time
	count   int // how many objects there were after it
	cur     *entry
	prev    *entry
	present *shared // cur, on its way to watches; nil for a delete

	mu     sync.Mutex
	cold   bool
	absent *shared
}

func (e *event) key() string {
	if e.cur != nil {
		return e.cur.key
	}
	return e.prev.key
}

// departed is prev with the version of this event: what a DELETED event shows, both when the object was deleted and
// when it merely left a watch's selection. Most updates leave no selection, so it is made when it is first asked for.
func (e *event) departed() *shared {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.absent == nil {
		e.absent = &shared{obj: withVersion(e.prev.obj, e.rv), cold: e.cold}
	}
	return e.absent
}

// cool lets go of the encoded forms; a watch that still wants them encodes for itself.
func (e *event) cool() {
	if e.present != nil {
		e.present.cool()
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cold = true
	if e.absent != nil {
		e.absent.cool()
	}
}
