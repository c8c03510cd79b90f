package cli

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// A shop with a bit of everything: what runs, what is kept stopped, and what nobody needs.
func shop(now time.Time) held {
	at := func(ago time.Duration) *metav1.Time { return &metav1.Time{Time: now.Add(-ago)} }
	var h held
	add := func(name string, state containersv1.State, ended time.Duration, network string) {
		h.Containers = append(h.Containers, containersv1.Container{Status: containersv1.ContainerStatus{
			Name: name, Status: state, CreatedAt: at(100 * time.Hour), FinishedAt: at(ended), ExitCode: 3,
			Networks: []containersv1.NetworkAttachment{{Name: network}},
		}})
	}
	add("web", containersv1.StateRunning, 0, "front")
	add("odd", containersv1.StateUnknown, 90*time.Hour, "odd")
	add("frozen", containersv1.StatePaused, 90*time.Hour, "frozen")
	add("old", containersv1.StateExited, 50*time.Hour, "back")
	add("fresh", containersv1.StateExited, time.Hour, "fresh")
	for _, n := range []string{"front", "back", "odd", "frozen", "fresh", "lonely"} {
		h.Networks = append(h.Networks, containersv1.Network{Status: containersv1.NetworkStatus{Name: n, CreatedAt: at(100 * time.Hour)}})
	}
	h.Networks = append(h.Networks, containersv1.Network{Status: containersv1.NetworkStatus{Name: "host", BuiltIn: true}})
	image := func(id, tag string, tags int, users ...string) {
		h.Images = append(h.Images, containersv1.Image{Status: containersv1.ImageStatus{
			ID: "sha256:" + id, RepoTag: tag, RepoTags: make([]string, tags), Dangling: tag == "", Size: 1000, InUseBy: users, CreatedAt: at(100 * time.Hour),
		}})
	}
	image("aaa", "web:1", 1, "web")
	image("bbb", "tool:1", 2, "old")
	image("bbb", "tool:2", 2, "old")
	image("ccc", "", 0)
	image("ddd", "", 0, "fresh", "old")
	volume := func(name string, users ...string) {
		h.Volumes = append(h.Volumes, containersv1.Volume{Status: containersv1.VolumeStatus{Name: name, InUseBy: users, CreatedAt: at(100 * time.Hour)}})
	}
	volume("data", "web")
	volume("cache", "old")
	volume("forgotten")
	return h
}

func TestUnusedIsWhatNoContainerThatStaysNeeds(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		scope scope
		want  []string
		frees string
	}{
		"by itself": {scope{}, []string{
			"container old", "container fresh", "network back", "network fresh", "network lonely", "image ccc", "image ddd",
		}, "2kB"},
		"older": {scope{older: 24 * time.Hour}, []string{
			"container old", "network back", "network lonely", "image ccc",
		}, "1kB"},
		"with tags": {scope{tagged: true}, []string{
			"container old", "container fresh", "network back", "network fresh", "network lonely",
			"image tool:1", "image tool:2", "image ccc", "image ddd",
		}, "3kB"},
		"with volumes": {scope{volumes: true, older: 24 * time.Hour}, []string{
			"container old", "network back", "network lonely", "image ccc", "volume cache", "volume forgotten",
		}, "1kB"},
		"older than anything": {scope{tagged: true, volumes: true, older: 1000 * time.Hour}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			h := shop(now)
			var got []string
			all := unused(h, c.scope, now)
			for _, u := range all {
				got = append(got, u.Kind+" "+u.Name)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("unused (-want +got):\n%s", diff)
			}
			if got := gain(all, h.Images); got != c.frees {
				t.Errorf("frees %q, want %q", got, c.frees)
			}
		})
	}
}

func TestATagThatStaysKeepsItsImagesBytes(t *testing.T) {
	now := time.Now()
	h := shop(now)
	all := unused(h, scope{tagged: true}, now)
	one := all[5] // tool:1 alone
	if one.Name != "tool:1" {
		t.Fatal(one)
	}
	if got := gain([]unusedThing{one}, h.Images); got != "" {
		t.Errorf("one of two tags frees %q", got)
	}
}
