package engine

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

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

func TestWhatAContainerSharesAndWhatBoundsItIsToldToTheEngine(t *testing.T) {
	after := func(d time.Duration) *metav1.Duration { return &metav1.Duration{Duration: d} }
	got, err := createOptions(&containers.ContainerCreateSpec{
		Image: "busybox", Network: "shop", Domainname: "shop.test", Expose: []string{"53/udp", "90-91"},
		Ports:     []containers.PublishedPort{{ContainerPort: 80}},
		Addresses: containers.Addresses{IPv4: "10.5.0.9", IPv6: "fd00::9", LinkLocal: []string{"169.254.3.9"}, MAC: "02:42:ac:11:00:02"},
		DNSSearch: []string{"a.test"}, DNSOptions: []string{"ndots:2"}, VolumesFrom: []string{"db:ro"}, Groups: []string{"audio"},
		Logging:     containers.Logging{Driver: "local", Options: map[string]string{"max-size": "5m"}},
		Namespaces:  containers.Namespaces{PID: "host", IPC: "private", UTS: "host", User: "host", Cgroup: "private"},
		Sysctls:     map[string]string{"net.ipv4.ip_forward": "1"},
		HealthCheck: &containers.HealthCheck{Command: "true", Interval: after(time.Second), Timeout: after(2 * time.Second), StartPeriod: after(time.Minute), StartInterval: after(time.Millisecond), Retries: 3},
		Resources: containers.ContainerResources{
			Memory: new(resource.MustParse("64Mi")), MemorySwap: resource.NewQuantity(-1, resource.BinarySI), MemoryReservation: new(resource.MustParse("32Mi")),
			CPUShares: 512, CPUSet: "0-1", MemoryNodes: "0", PidsLimit: 50, OOMScoreAdjust: -300,
			Ulimits: []containers.Ulimit{{Name: "nofile", Soft: 100, Hard: -1}},
		},
		SecurityOptions: []string{"no-new-privileges", "systempaths=unconfined"},
	})
	if err != nil {
		t.Fatal(err)
	}
	web := network.MustParsePort("80/tcp")
	want := client.ContainerCreateOptions{
		Config: &container.Config{
			Image: "busybox", Domainname: "shop.test",
			ExposedPorts: network.PortSet{web: {}, network.MustParsePort("53/udp"): {}, network.MustParsePort("90/tcp"): {}, network.MustParsePort("91/tcp"): {}},
			Healthcheck: &container.HealthConfig{
				Test: []string{"CMD-SHELL", "true"}, Interval: time.Second, Timeout: 2 * time.Second, StartPeriod: time.Minute, StartInterval: time.Millisecond, Retries: 3,
			},
		},
		HostConfig: &container.HostConfig{
			NetworkMode: "shop", PortBindings: network.PortMap{web: {{}}}, DNSSearch: []string{"a.test"}, DNSOptions: []string{"ndots:2"},
			VolumesFrom: []string{"db:ro"}, GroupAdd: []string{"audio"}, LogConfig: container.LogConfig{Type: "local", Config: map[string]string{"max-size": "5m"}},
			PidMode: "host", IpcMode: "private", UTSMode: "host", UsernsMode: "host", CgroupnsMode: "private", OomScoreAdj: -300,
			Sysctls: map[string]string{"net.ipv4.ip_forward": "1"}, SecurityOpt: []string{"no-new-privileges"}, MaskedPaths: []string{}, ReadonlyPaths: []string{},
			Resources: container.Resources{
				Memory: 64 << 20, MemorySwap: -1, MemoryReservation: 32 << 20, CPUShares: 512, CpusetCpus: "0-1", CpusetMems: "0",
				PidsLimit: new(int64(50)), Ulimits: []*container.Ulimit{{Name: "nofile", Soft: 100, Hard: -1}},
			},
		},
		NetworkingConfig: &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{"shop": {
			MacAddress: network.HardwareAddr{2, 0x42, 0xac, 0x11, 0, 2},
			IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: netip.MustParseAddr("10.5.0.9"), IPv6Address: netip.MustParseAddr("fd00::9"), LinkLocalIPs: []netip.Addr{netip.MustParseAddr("169.254.3.9")}},
		}}},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b network.Port) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	none, err := createOptions(&containers.ContainerCreateSpec{Image: "busybox", HealthCheck: &containers.HealthCheck{Disabled: true}, Addresses: containers.Addresses{MAC: "02:42:ac:11:00:02"}})
	if err != nil || !cmp.Equal(none.Config.Healthcheck.Test, []string{"NONE"}) || none.NetworkingConfig.EndpointsConfig["default"] == nil {
		t.Errorf("%+v %v", none, err)
	}
}
