//go:build linux

package native

import (
	"log/slog"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/berth-desktop/berth/vm"
	"github.com/berth-desktop/berth/vm/internal/docker"
)

func TestFreeRangeAvoidsWhatTheMachineUses(t *testing.T) {
	for name, c := range map[string]struct {
		used []string
		want string
	}{
		"nothing used":                  {nil, "172.31.240.0/20"},
		"an address in the last piece":  {[]string{"172.31.250.7/32"}, "172.31.224.0/20"},
		"a cloud's network":             {[]string{"172.31.0.0/16"}, "172.30.240.0/20"},
		"an installed Docker":           {[]string{"172.17.0.0/16"}, "172.31.240.0/20"},
		"a tunnel that swallows it all": {[]string{"172.16.0.0/12"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var used []netip.Prefix
			for _, u := range c.used {
				used = append(used, netip.MustParsePrefix(u))
			}
			got, err := freeRange(used)
			if c.want == "" {
				if err == nil {
					t.Errorf("got %s, want an error", got)
				}
				return
			}
			if err != nil || got.String() != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestRouteRangeReadsTheKernelsTable(t *testing.T) {
	for line, want := range map[string]string{
		"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0":                       "192.0.2.0/24",
		"tun0\t0000100A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0":                       "10.16.0.0/16",
		"eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0":                       "", // the default route is everywhere
		"Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT": "",
		"": "",
	} {
		got, ok := routeRange(line)
		if ok != (want != "") || (ok && got.String() != want) {
			t.Errorf("%q: got %s, %v, want %q", line, got, ok, want)
		}
	}
}

func TestRulesKeepNetworksApartAndInternalOnesIn(t *testing.T) {
	f := firewall{chain: "BERTH-1"}
	got := f.rules([]docker.Network{
		{Bridge: "a", Subnets: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/24")}, Masquerade: true, Talk: true},
		{Bridge: "b", Subnets: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/24")}, Masquerade: true, Internal: true},
	})
	want := `*nat
:BERTH-1 - [0:0]
-A BERTH-1 -s 10.1.0.0/24 ! -o a -j MASQUERADE
COMMIT
*filter
:BERTH-1 - [0:0]
:BERTH-1-OUT - [0:0]
-A BERTH-1 -i a -o a -j ACCEPT
-A BERTH-1 -o a -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A BERTH-1 -i a -j BERTH-1-OUT
-A BERTH-1 -o a -j DROP
-A BERTH-1-OUT -o a -j DROP
-A BERTH-1 -i b -o b -j DROP
-A BERTH-1 -i b -j DROP
-A BERTH-1 -o b -j DROP
-A BERTH-1-OUT -o b -j DROP
-A BERTH-1-OUT -j ACCEPT
COMMIT
`
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	// Order counts within a chain: what is let in comes before what is kept out.
	if strings.Index(got, "ESTABLISHED") > strings.Index(got, "-A BERTH-1 -o a -j DROP") {
		t.Errorf("answers are dropped before they are accepted:\n%s", got)
	}
	if !strings.HasSuffix(got, "-A BERTH-1-OUT -j ACCEPT\nCOMMIT\n") {
		t.Errorf("the way out is open before it is closed:\n%s", got)
	}
}

// The thread that gave up the right to change networks is never used for anything else: it ends with its goroutine.
func TestARefusedNetworkIsSaid(t *testing.T) {
	l := layout{data: t.TempDir(), run: t.TempDir()}
	var steps []vm.Step
	var bridge string
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err := dropNetAdmin(); err != nil {
			t.Error(err)
			return
		}
		p := plumbing{layout: l, log: slog.New(slog.DiscardHandler), now: time.Now}
		bridge = p.lay(t.Context(), func(s vm.Step) { steps = append(steps, s) })
	}()
	<-done
	if bridge != "none" {
		t.Errorf("the bridge is %q", bridge)
	}
	if len(steps) != 1 || !strings.Contains(steps[0].Message, "Containers get no network") || !strings.Contains(steps[0].Message, "not permitted") {
		t.Errorf("it was said as %+v", steps)
	}
}

func dropNetAdmin() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var caps [2]unix.CapUserData
	if err := unix.Capget(&head, &caps[0]); err != nil {
		return err
	}
	caps[0].Effective &^= 1 << unix.CAP_NET_ADMIN
	return unix.Capset(&head, &caps[0])
}

func TestAMissingIptablesIsNamed(t *testing.T) {
	f := firewall{chain: "BERTH-1", find: func(string) string { return "" }}
	if err := f.apply(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "is not installed") {
		t.Errorf("got %v", err)
	}
	if err := f.remove(t.Context()); err != nil {
		t.Errorf("without iptables there is nothing to remove: %v", err)
	}
}

func sorted(s string) []string { return slices.Sorted(strings.Lines(s)) }

func TestFindToolsNamesWhatIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		uid       int
		installed []string
		missing   string
	}{
		"root with all":              {0, []string{"dockerd", "containerd"}, ""},
		"root without dockerd":       {0, []string{"containerd"}, "dockerd"},
		"root without containerd":    {0, []string{"dockerd"}, "containerd"},
		"a user with all":            {1000, []string{"dockerd", "dockerd-rootless.sh", "rootlesskit", "newuidmap", "slirp4netns", "iptables"}, ""},
		"a user without the script":  {1000, []string{"dockerd", "rootlesskit", "newuidmap", "slirp4netns", "iptables"}, "dockerd-rootless.sh"},
		"a user without rootlesskit": {1000, []string{"dockerd", "dockerd-rootless.sh", "newuidmap", "slirp4netns", "iptables"}, "rootlesskit"},
		"a user without several":     {1000, []string{"dockerd", "dockerd-rootless.sh", "rootlesskit", "iptables"}, "slirp4netns, newuidmap"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := findTools("", c.uid, func(name string) string {
				if slices.Contains(c.installed, name) {
					return "/usr/bin/" + name
				}
				return ""
			})
			if c.missing == "" {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.missing) || !strings.Contains(vm.FailureOf(err).Hint, "sudo apt install") {
				t.Errorf("got %v, want one that names %s and how to install it", err, c.missing)
			}
		})
	}
}

func TestExplainPutsTheLogIntoWords(t *testing.T) {
	l := layout{data: "/data", log: "/log"}
	for name, c := range map[string]struct{ line, message, hint string }{
		"nothing known":    {"level=info msg=hello", "Docker did not start", "The log says more: /log"},
		"a full disk":      {"failed to start daemon: write /data/x: no space left on device", "Docker did not start: write /data/x: no space left on device", "Free some space on the disk of /data"},
		"a taken port":     {`level=fatal msg="bind: address already in use"`, "Docker did not start", "Another program uses"},
		"a read-only disk": {"failed to start daemon: mkdir /data/x: read-only file system", "Docker did not start: mkdir", "read-only"},
		"no cgroups":       {"failed to start daemon: Devices cgroup isn't mounted", "Docker did not start: Devices", "control groups"},
	} {
		t.Run(name, func(t *testing.T) {
			f := l.explain("Docker did not start", errEnded, []string{"level=info msg=before", c.line})
			if !strings.HasPrefix(f.Message, c.message) || !strings.Contains(f.Hint, c.hint) {
				t.Errorf("got %q, hint %q", f.Message, f.Hint)
			}
		})
	}
}

func TestTheEngineInheritsNoOtherDocker(t *testing.T) {
	got := layout{run: "/run/x"}.environment([]string{"DOCKER_HOST=unix:///y", "HTTP_PROXY=p", "NOTIFY_SOCKET=n", "LISTEN_FDS=1", "XDG_RUNTIME_DIR=/z", "PATH=/bin"})
	want := []string{"HTTP_PROXY=p", "PATH=/bin:/usr/sbin:/sbin", "XDG_RUNTIME_DIR=/run/x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
}

func TestUnescapeReadsMountPointsWithSpaces(t *testing.T) {
	if got := unescape(`/a\040b\134c`); got != `/a b\c` {
		t.Errorf("got %q", got)
	}
}
