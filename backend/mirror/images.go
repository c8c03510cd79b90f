package mirror

import (
	"context"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
)

// fewImages is up to how many images are read one by one. A list of five hundred costs as much as a hundred inspects.
const fewImages = 8

// imageIndex knows which image has which tags, as far as was last read. Only the one reader of images changes it, and
// so reads it without the lock.
type imageIndex struct {
	mu    sync.Mutex          // for changes, and for other readers
	tags  map[string][]string // by image ID; none for an image without tags
	owner map[string]string   // the image ID by tag
}

func newImageIndex() *imageIndex {
	return &imageIndex{tags: map[string][]string{}, owner: map[string]string{}}
}

// clear forgets all.
func (x *imageIndex) clear() {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.tags)
	clear(x.owner)
}

// names gives the names of an image's objects. Anybody may ask.
func (x *imageIndex) names(id string) []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	tags, known := x.tags[id]
	if !known {
		return nil
	}
	if len(tags) == 0 {
		return []string{containers.ImageName(id, "")}
	}
	all := make([]string, len(tags))
	for i, t := range tags {
		all[i] = containers.ImageName(id, t)
	}
	return all
}

// set notes an image's tags.
func (x *imageIndex) set(id string, tags []string) {
	x.drop(id)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tags[id] = tags
	for _, t := range tags {
		x.owner[t] = id
	}
}

// drop forgets an image and gives the names of the objects that it had.
func (x *imageIndex) drop(id string) (former []string) {
	former = x.names(id)
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, t := range x.tags[id] {
		if x.owner[t] == id {
			delete(x.owner, t)
		}
	}
	delete(x.tags, id)
	return former
}

// everyImage is the key that stands for all images.
func everyImage() engine.Key { return engine.Key{Kind: engine.KindImage} }

// readImages reads images again. One reader does so, because a tag that moves concerns two images.
//
// Known images that still have a tag are inspected. Anything else wants the whole list: a reference does not say
// which image it named before, and only a list tells an image without tags from a mere layer.
func (c *connection) readImages(ctx context.Context, keys []engine.Key) {
	defer c.images.done(keys...)
	if c.readKnownImages(ctx, keys) {
		return
	}
	c.note(ctx, c.images, everyImage(), c.syncImages(ctx))
}

// readKnownImages says whether inspects were enough.
func (c *connection) readKnownImages(ctx context.Context, keys []engine.Key) bool {
	ids := make([]string, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
		if _, known := c.index.tags[k.ID]; !known {
			return false
		}
	}
	if len(ids) > fewImages {
		return false
	}
	deadline, cancel := context.WithTimeout(ctx, infoDeadline)
	defer cancel()
	found, err := c.engine.Images(deadline, ids...)
	if err != nil || slices.ContainsFunc(found, func(r engine.ImageRecord) bool { return r.Err != nil || r.Dangling || !slices.Contains(ids, r.ID) }) {
		return false
	}
	for _, id := range ids {
		var records []engine.ImageRecord
		for _, r := range found {
			if r.ID == id {
				records = append(records, r)
			}
		}
		c.note(ctx, c.images, engine.Key{Kind: engine.KindImage, ID: id}, c.writeImage(ctx, id, records))
	}
	return true
}

// writeImage writes all objects of one known image, none where the image is gone.
func (c *connection) writeImage(ctx context.Context, id string, records []engine.ImageRecord) error {
	names := map[string]bool{}
	for _, r := range records {
		names[containers.ImageName(id, r.RepoTag)] = true
		if owner, ok := c.index.owner[r.RepoTag]; ok && owner != id {
			c.images.add(live, engine.Key{Kind: engine.KindImage, ID: owner}) // it lost the tag, and no event says so
		}
	}
	facts := c.knownFacts(ctx, id)
	former := c.index.drop(id)
	if len(records) > 0 {
		c.index.set(id, records[0].RepoTags) // before they are written: whoever changes their users then finds them
	}
	for _, r := range records {
		if facts != nil {
			r.Size, r.Labels, r.CreatedAt = facts.Size, facts.Labels, facts.CreatedAt
		}
		if err := c.putImage(ctx, r); err != nil {
			return err
		}
	}
	for _, name := range former {
		if !names[name] {
			if err := c.rows.images.remove(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// knownFacts is what never changes about an image, as the list had it. An inspect may count its size otherwise, and
// the two would take turns.
func (c *connection) knownFacts(ctx context.Context, id string) *containers.ImageStatus {
	name := containers.ImageName(id, "")
	if tags := c.index.tags[id]; len(tags) > 0 {
		name = containers.ImageName(id, tags[0])
	}
	obj, err := c.rows.images.store.Get(ctx, c.rows.images.key(name))
	if err != nil || obj.Status.ID != id {
		return nil
	}
	return &obj.Status
}

func (c *connection) putImage(ctx context.Context, r engine.ImageRecord) error {
	return c.rows.images.put(ctx, containers.ImageName(r.ID, r.RepoTag), func(obj *containers.Image) { c.mergeImage(obj, r) })
}

func (c *connection) mergeImage(obj *containers.Image, r engine.ImageRecord) {
	now := r.ImageStatus
	now.InUseBy = c.uses.names(engine.KindImage, r.ID)
	now.Conditions = obj.Status.Conditions
	obj.Status = now
}

// syncImages lists all images and brings all objects up to that. It is called by one goroutine at a time.
func (c *connection) syncImages(ctx context.Context, counted ...func()) error {
	deadline, cancel := context.WithTimeout(ctx, listDeadline)
	defer cancel()
	listed, err := c.engine.Images(deadline)
	if err != nil {
		return err
	}
	if err := c.knowUses(ctx); err != nil {
		return err
	}
	had, err := c.rows.images.list(ctx)
	if err != nil {
		return err
	}
	c.index.clear()
	broken := map[string]bool{}
	for _, r := range listed {
		if r.Err != nil {
			broken[r.ID] = true
			c.broken(engine.Key{Kind: engine.KindImage, ID: r.ID}, r.Err)
			continue
		}
		name := containers.ImageName(r.ID, r.RepoTag)
		c.index.set(r.ID, r.RepoTags)
		if err := c.syncImage(ctx, had[name], r); err != nil {
			c.broken(engine.Key{Kind: engine.KindImage, ID: r.ID}, err)
		}
		delete(had, name)
		for _, count := range counted {
			count()
		}
	}
	for name, obj := range had {
		if broken[obj.Status.ID] || broken[""] { // what could not be read may be this one
			continue
		}
		if err := c.rows.images.remove(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// syncImage writes one record if the object that there is, or is not, differs.
func (c *connection) syncImage(ctx context.Context, had *containers.Image, r engine.ImageRecord) error {
	name := containers.ImageName(r.ID, r.RepoTag)
	if had == nil {
		return c.rows.images.create(ctx, name, func(obj *containers.Image) { c.mergeImage(obj, r) })
	}
	now := had.DeepCopy()
	c.mergeImage(now, r)
	if equality.Semantic.DeepEqual(had.Status, now.Status) && !lacksFinalizer(had) {
		return nil
	}
	return c.putImage(ctx, r)
}
