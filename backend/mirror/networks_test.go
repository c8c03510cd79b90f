package mirror

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/engine"
	"github.com/berth-desktop/berth/backend/engine/enginetest"
)

func TestNetworksAndTheirMembersAreSeen(t *testing.T) {
	d := enginetest.Start(t)
	before := d.Docker(t, "network", "create", "--internal", "--subnet", "10.213.7.0/24", "--label", "com.docker.compose.project=shop", "before")
	w := withDocker(t, d, d.Endpoint())
	if got := w.networks()[before].Status; got.Name != "before" || !got.Internal || got.ComposeProject != "shop" || got.BuiltIn ||
		len(got.Subnets) != 1 || got.Subnets[0].Subnet != "10.213.7.0/24" {
		t.Errorf("%+v", got)
	}
	web := d.Docker(t, "run", "-d", "--network", "before", "--name", "web", "--stop-signal", "KILL", enginetest.Image, "sleep", "1000")
	w.agrees(d)
	members := w.networks()[before].Status.Members
	if len(members) != 1 || members[0].ID != web || members[0].Name != "web" || members[0].IPv4Address == "" {
		t.Errorf("members %+v", members)
	}
	for _, step := range [][]string{
		{"network", "create", "--internal", "--subnet", "10.213.8.0/24", "second"},
		{"network", "connect", "second", "web"},
		{"rename", "web", "site"}, // no event of a network tells of it
		{"stop", "site"},
		{"start", "site"},
		{"network", "disconnect", "before", "site"},
		{"network", "rm", "before"},
		{"rm", "-f", "site"},
		{"network", "create", "--internal", "--subnet", "10.213.9.0/24", "third"},
		{"network", "prune", "-f"},
	} {
		d.Docker(t, step...)
		w.agrees(d)
	}
	if len(w.networks()) == 0 {
		t.Error("the engine's own networks are gone")
	}
}

func TestRelistFindsWhatNoNetworkEventTold(t *testing.T) {
	f := newFake()
	f.setNetwork("bridge-id", "bridge")
	f.setNetwork("lost", "lost")
	w := withFake(t, f, fastRelist)
	f.set(func(f *fake) { delete(f.networks, "lost") })
	f.setNetwork("new", "new")
	f.setNetwork("bridge-id", "bridge", containers.NetworkMember{ID: id(1), Name: "c1"})
	f.setContainer(1, containers.StateRunning, func(s *containers.ContainerStatus) {
		s.Networks = []containers.NetworkAttachment{{Name: "bridge", NetworkID: "bridge-id"}}
	})
	w.eventually("the networks", func() bool {
		all := w.networks()
		_, lost := all["lost"]
		_, added := all["new"]
		return !lost && added && len(all["bridge-id"].Status.Members) == 1
	})
	// From here on nothing is inspected and nothing written any more.
	w.eventually("quiet", func() bool {
		listed, inspected, versions := f.count("list networks"), f.count("inspect network"), w.versions()
		w.eventually("a few more lists", func() bool { return f.count("list networks") > listed+3 })
		return inspected == f.count("inspect network") && cmp.Equal(versions, w.versions())
	})
}

func fastRelist(w *world) {
	w.mirror.pace.watched, w.mirror.pace.idle = 20*time.Millisecond, 20*time.Millisecond
	w.mirror.pace.heartbeat = 20 * time.Millisecond
}

func TestUsersOfImagesAndVolumesAreKnownWithoutAskingTheEngine(t *testing.T) {
	f := newFake()
	f.setImages(map[string][]string{"sha256:1": {"a:1", "a:2"}, "sha256:2": nil})
	f.setVolume("data")
	made := func(name, image string, volumes ...string) func(*containers.ContainerStatus) {
		return func(s *containers.ContainerStatus) {
			s.Name, s.ImageID = name, image
			for _, v := range volumes {
				s.Mounts = append(s.Mounts, containers.Mount{Destination: "/" + v, Type: "volume", Name: v})
			}
		}
	}
	f.setContainer(1, containers.StateCreated, made("z", "sha256:1", "data"))
	w := withFake(t, f)
	used := func(want map[string][]string) {
		t.Helper()
		var diff string
		w.eventually("the users", func() bool {
			got := map[string][]string{"data": w.volumes()["data"].Status.InUseBy}
			images, err := w.cfg.Images.List(t.Context(), namespace)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range images {
				got[i.Status.ID+i.Status.RepoTag] = i.Status.InUseBy
			}
			diff = cmp.Diff(want, got)
			return diff == ""
		})
		if diff != "" {
			t.Error(diff)
		}
	}
	z := []string{"z"}
	used(map[string][]string{"data": z, "sha256:1a:1": z, "sha256:1a:2": z, "sha256:2": nil})
	calls := f.count("list images") + f.count("inspect image") + f.count("list volumes") + f.count("inspect volume")

	f.setContainer(2, containers.StateCreated, made("b", "sha256:1", "data"))
	f.setContainer(3, containers.StateCreated, made("c", "sha256:2"))
	f.tell(containerKey(2), containerKey(3))
	bz := []string{"b", "z"}
	used(map[string][]string{"data": bz, "sha256:1a:1": bz, "sha256:1a:2": bz, "sha256:2": {"c"}})

	f.setContainer(2, containers.StateCreated, made("y", "sha256:1", "data")) // a new name
	f.set(func(f *fake) { delete(f.containers, id(1)) })
	f.tell(containerKey(1), containerKey(2))
	y := []string{"y"}
	used(map[string][]string{"data": y, "sha256:1a:1": y, "sha256:1a:2": y, "sha256:2": {"c"}})
	if now := f.count("list images") + f.count("inspect image") + f.count("list volumes") + f.count("inspect volume"); now != calls {
		t.Errorf("%d calls about images and volumes: the containers' own rows tell", now-calls)
	}

	w.want(func(s *app.AppSpec) { s.Running = false })
	w.eventually("an empty mirror", func() bool { return len(w.versions()) == 0 })
}

func TestUsesTellWhatIsTouched(t *testing.T) {
	image, volume := engine.Key{Kind: engine.KindImage, ID: "i"}, engine.Key{Kind: engine.KindVolume, ID: "v"}
	network := engine.Key{Kind: engine.KindNetwork, ID: "n"}
	x := newUses()
	for _, step := range []struct {
		now  use
		want map[engine.Key]bool
	}{
		{use{name: "a", image: "i"}, map[engine.Key]bool{image: true}},
		{use{name: "a", image: "i"}, map[engine.Key]bool{}},
		{use{name: "a", image: "i", volumes: []string{"v"}}, map[engine.Key]bool{volume: true}},
		{use{name: "a", image: "i", volumes: []string{"v"}, networks: []string{"n"}}, map[engine.Key]bool{}},
		{use{name: "b", image: "i", volumes: []string{"v"}, networks: []string{"n"}}, map[engine.Key]bool{image: true, volume: true, network: true}},
		{use{name: "b", image: "j", networks: []string{"n"}}, map[engine.Key]bool{image: true, volume: true, {Kind: engine.KindImage, ID: "j"}: true}},
	} {
		got := map[engine.Key]bool{}
		for _, k := range x.set("1", step.now) {
			got[k] = true
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%+v: %s", step.now, diff)
		}
	}
	if len(x.users) != 1 || len(x.drop("1")) != 1 || len(x.users) != 0 || len(x.of) != 0 {
		t.Errorf("%+v", x)
	}
}
