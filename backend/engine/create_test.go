package engine

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// Bounds and rights are not looked at in a running container: an engine that lacks the cgroups for them leaves them out.
func TestAWishForAContainerIsToldToTheEngine(t *testing.T) {
	quantity := func(text string) *resource.Quantity { return new(resource.MustParse(text)) }
	got, err := createOptions(&containers.ContainerCreateSpec{
		Image: "busybox", Platform: "linux/arm64/v8", Network: "shop", NetworkAliases: []string{"db", "store"},
		PublishAll: true, DNS: []string{"1.1.1.1", "fe80::1"}, ExtraHosts: []string{"gate:host-gateway"},
		Volumes: []containers.VolumeMount{
			{Source: "data", Target: "/data"},
			{Target: "/anonymous", ReadOnly: true},
			{Source: "/srv", Target: "/srv", ReadOnly: true},
			{Source: "/must", Target: "/must", MustExist: true},
			{Source: "/a:b", Target: "/colon"},
			{Source: `C:\x`, Target: "/windows"},
		},
		Tmpfs:     []containers.TmpfsMount{{Target: "/run", Options: "size=64m"}, {Target: "/tmp"}},
		Devices:   []string{"/dev/a", "/dev/b:/dev/c", "/dev/d:r", "/dev/e:/dev/f:rw"},
		Resources: containers.ContainerResources{CPUs: quantity("1.5"), Memory: quantity("512Mi"), SharedMemory: quantity("1Gi")},
		CapAdd:    []string{"NET_ADMIN"}, CapDrop: []string{"ALL"}, Privileged: true, ReadOnlyRoot: true, Init: true,
		StopSignal: "SIGINT", StopTimeoutSeconds: new(int32(-1)),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &container.HostConfig{
		NetworkMode: "shop", PublishAllPorts: true, PortBindings: network.PortMap{},
		DNS: []netip.Addr{netip.MustParseAddr("1.1.1.1"), netip.MustParseAddr("fe80::1")}, ExtraHosts: []string{"gate:host-gateway"},
		Binds: []string{"/srv:/srv:ro"},
		Mounts: []mount.Mount{
			{Type: mount.TypeVolume, Source: "data", Target: "/data"},
			{Type: mount.TypeVolume, Target: "/anonymous", ReadOnly: true},
			{Type: mount.TypeBind, Source: "/must", Target: "/must", BindOptions: &mount.BindOptions{}},
			{Type: mount.TypeBind, Source: "/a:b", Target: "/colon", BindOptions: &mount.BindOptions{CreateMountpoint: true}},
			{Type: mount.TypeBind, Source: `C:\x`, Target: "/windows", BindOptions: &mount.BindOptions{CreateMountpoint: true}},
		},
		Tmpfs:  map[string]string{"/run": "size=64m", "/tmp": ""},
		CapAdd: []string{"NET_ADMIN"}, CapDrop: []string{"ALL"}, Privileged: true, ReadonlyRootfs: true, Init: new(true),
		ShmSize: 1 << 30,
		Resources: container.Resources{NanoCPUs: 1_500_000_000, Memory: 512 << 20, Devices: []container.DeviceMapping{
			{PathOnHost: "/dev/a", PathInContainer: "/dev/a", CgroupPermissions: "rwm"},
			{PathOnHost: "/dev/b", PathInContainer: "/dev/c", CgroupPermissions: "rwm"},
			{PathOnHost: "/dev/d", PathInContainer: "/dev/d", CgroupPermissions: "r"},
			{PathOnHost: "/dev/e", PathInContainer: "/dev/f", CgroupPermissions: "rw"},
		}},
	}
	if diff := cmp.Diff(want, got.HostConfig, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&ocispec.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}, got.Platform); diff != "" {
		t.Error(diff)
	}
	if e := got.NetworkingConfig.EndpointsConfig["shop"]; e == nil || !cmp.Equal(e.Aliases, []string{"db", "store"}) {
		t.Errorf("the network is told %+v", got.NetworkingConfig)
	}
	if got.Config.StopSignal != "SIGINT" || *got.Config.StopTimeout != -1 {
		t.Errorf("it ends by %+v", got.Config)
	}
}
