package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// held is all that an engine holds.
type held struct {
	Containers []containersv1.Container
	Images     []containersv1.Image
	Volumes    []containersv1.Volume
	Networks   []containersv1.Network
}

// scope says what of it may go.
type scope struct {
	tagged  bool          // images with a tag, too
	volumes bool          // volumes, too: they hold data
	older   time.Duration // only what has been unused, as far as can be told, for that long
}

// unusedThing is one thing that nobody uses.
type unusedThing struct {
	Kind string `json:"kind"` // container, network, image or volume
	Name string `json:"name"`
	// Bytes on the disk; 0 where nobody has measured them. Images share layers, so theirs are the most that is gained.
	Bytes int64  `json:"bytes,omitempty"`
	Why   string `json:"why"`

	image string // an image's ID, which several tags share
	at    int    // its place in held's list of its kind
}

// unused lists what nobody uses, in the order in which it can be removed: what only an unused container uses is unused.
func unused(h held, s scope, now time.Time) []unusedThing {
	old := func(t *metav1.Time) bool { return t == nil || now.Sub(t.Time) >= s.older }
	var all []unusedThing
	going := map[string]bool{} // containers, by name
	for i := range h.Containers {
		st := &h.Containers[i].Status
		if since := lastUsed(st); stays(st) || !old(since) {
			continue
		} else {
			all = append(all, unusedThing{Kind: "container", Name: st.Name, Why: whyStopped(st, since, now), at: i})
			going[st.Name] = true
		}
	}
	left := func(users []string) bool { return slices.ContainsFunc(users, func(u string) bool { return !going[u] }) }
	needed := neededNetworks(h.Containers, going)
	for i := range h.Networks {
		st := &h.Networks[i].Status
		if !st.BuiltIn && !st.Ingress && len(st.Members) == 0 && !needed[st.Name] && !needed[st.ID] && old(st.CreatedAt) {
			all = append(all, unusedThing{Kind: "network", Name: st.Name, Why: "no container is on it", at: i})
		}
	}
	for i := range h.Images {
		st := &h.Images[i].Status
		if left(st.InUseBy) || (!st.Dangling && !s.tagged) || !old(st.CreatedAt) {
			continue
		}
		name, why := st.RepoTag, "no container is made of it"
		if st.Dangling {
			name, why = (&listing{}).id(st.ID), "it has no tag, and no container is made of it"
		}
		all = append(all, unusedThing{Kind: "image", Name: name, Bytes: st.Size, Why: why, image: st.ID, at: i})
	}
	for i := range h.Volumes {
		st := &h.Volumes[i].Status
		if s.volumes && !left(st.InUseBy) && old(st.CreatedAt) {
			all = append(all, unusedThing{Kind: "volume", Name: st.Name, Why: "no container uses it; its data goes", at: i})
		}
	}
	return all
}

// stays says whether a container is none that may go: what runs, is being changed, or is in a state that we do not know.
func stays(st *containersv1.ContainerStatus) bool {
	return !slices.Contains([]containersv1.State{containersv1.StateExited, containersv1.StateCreated, containersv1.StateDead}, st.Status)
}

func lastUsed(st *containersv1.ContainerStatus) *metav1.Time {
	if st.FinishedAt != nil && !st.FinishedAt.IsZero() {
		return st.FinishedAt
	}
	return st.CreatedAt
}

func whyStopped(st *containersv1.ContainerStatus, since *metav1.Time, now time.Time) string {
	what := fmt.Sprintf("exited with %d", st.ExitCode)
	if st.Status == containersv1.StateCreated {
		what = "was never started, made"
	}
	return strings.TrimSpace(what + " " + ago(now, since))
}

// neededNetworks are those that a container that stays would be started on, by name and by ID.
func neededNetworks(all []containersv1.Container, going map[string]bool) map[string]bool {
	needed := map[string]bool{}
	for i := range all {
		if going[all[i].Status.Name] {
			continue
		}
		for _, n := range all[i].Status.Networks {
			needed[n.Name] = true
			if n.NetworkID != "" {
				needed[n.NetworkID] = true
			}
		}
	}
	return needed
}

// gain is what removing them frees at most: an image's bytes count once, and only if all of its tags go.
func gain(all []unusedThing, images []containersv1.Image) string {
	tags, bytes := map[string]int{}, int64(0)
	for _, t := range all {
		if t.image != "" {
			tags[t.image]++
		}
	}
	for i := range images {
		st := &images[i].Status
		if n := tags[st.ID]; n > 0 && n >= len(st.RepoTags) {
			bytes += st.Size
			delete(tags, st.ID)
		}
	}
	if bytes == 0 {
		return ""
	}
	return units.HumanSizeWithPrecision(float64(bytes), 3)
}
