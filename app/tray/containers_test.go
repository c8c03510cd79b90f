package tray

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// outline is the menu as a person sees it: a line each, those below another indented, what is disabled in brackets.
func outline(items []Item) string {
	var all []string
	add := func(indent string, l Line) {
		switch {
		case l.Hidden:
		case l == (Line{}):
			all = append(all, "---")
		case l.Enabled:
			all = append(all, indent+l.Label)
		default:
			all = append(all, indent+"["+l.Label+"]")
		}
	}
	for _, item := range items {
		add("", item.Line)
		for _, line := range item.Items {
			add("  ", line)
		}
	}
	return strings.Join(all, "\n")
}

// section is the part of the outline that tells of containers.
func section(s State) string { return strings.Split(outline(Menu(s, time.Time{})), "\n---\n")[2] }

func lines(all ...string) string { return strings.Join(all, "\n") }

func TestTheWholeMenuOfAReadyEngine(t *testing.T) {
	got := outline(Menu(State{
		Phase: Ready, Detail: "Docker 29", Failed: "Could not stop db: it is busy",
		Containers: []Container{{ID: "1", Name: "web", Project: "shop", Ports: []Port{{"port 8080 (80/tcp)", "http://localhost:8080/"}}}},
		Docker:     DockerContext{Name: "berth", There: true, Current: "default"},
	}, time.Time{}))
	want := lines(
		"[Could not stop db: it is busy]", "Dismiss", "[Engine running: Docker 29]", "---",
		"[Start engine]", "Stop engine", "Restart engine", "---",
		"[shop]", "web", "  Open port 8080 (80/tcp)", "  Logs", "  Stop", "  Restart", "All containers…", "---",
		"Docker context", "  [docker uses the context default]", "  Copy the name berth", "  Make berth the current one", "---",
		"Open Berth", "Settings", "Diagnostics", "---",
		"Quit Berth", "  Leave the engine running", "  Stop the engine too", "  Cancel",
	)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestContainersInTheMenu(t *testing.T) {
	busy := map[string]string{"1": "stopping…"}
	of := func(n int) (all []Container) {
		for i := range n {
			all = append(all, Container{ID: fmt.Sprint(i), Name: fmt.Sprintf("box-%02d", i)})
		}
		return all
	}
	for name, c := range map[string]struct {
		state State
		want  string
	}{
		"none": {State{Phase: Ready}, "All containers…"},
		"grouped, and alone at the end": {
			State{Phase: Ready, Containers: []Container{{ID: "1", Name: "web", Project: "a"}, {ID: "2", Name: "db", Project: "b"}, {ID: "3", Name: "alone"}}},
			lines("[a]", "web", "  Logs", "  Stop", "  Restart", "[b]", "db", "  Logs", "  Stop", "  Restart",
				"[Other containers]", "alone", "  Logs", "  Stop", "  Restart", "All containers…"),
		},
		"one that is being stopped": {
			State{Phase: Ready, Busy: busy, Containers: []Container{{ID: "1", Name: "web"}}},
			lines("web (stopping…)", "  Logs", "  [Stop]", "  [Restart]", "All containers…"),
		},
		"of an engine that is gone nothing is known": {State{Phase: Attention, Containers: of(1)}, "All containers…"},
		"hostile names": {
			State{Phase: Ready, Containers: []Container{{ID: "1", Name: "a\x1b[2J\u202eb" + strings.Repeat("c", 99), Project: "p\nq"}}},
			lines("[p q]", "a [2J b"+strings.Repeat("c", maxName-8)+"…", "  Logs", "  Stop", "  Restart", "All containers…"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, section(c.state)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for n, want := range map[int]string{20: "All containers…", 21: "All 21 running containers…"} {
		got := section(State{Phase: Ready, Containers: of(n)})
		if !strings.HasSuffix(got, want) || strings.Count(got, "box-") != maxContainers {
			t.Errorf("of %d containers the menu shows\n%s", n, got)
		}
	}
}

func TestTheMenuKeepsItsShape(t *testing.T) {
	empty := Menu(State{Phase: Stopped}, time.Time{})
	full := Menu(State{Phase: Ready, Failed: strings.Repeat("why ", 99), Containers: []Container{{ID: "1", Name: "x", Project: "y"}}}, time.Time{})
	if len(empty) != len(full) {
		t.Errorf("%d items, then %d", len(empty), len(full))
	}
	for i := range empty {
		if (empty[i].Line == Line{}) != (full[i].Line == Line{}) {
			t.Errorf("item %d is a separator in one state only", i)
		}
	}
}

func TestWhatIsReadOffAContainer(t *testing.T) {
	port := func(name string, inside int32, protocol string, bindings ...containersv1.PortBinding) containersv1.Port {
		return containersv1.Port{Name: name, Port: inside, Protocol: protocol, Bindings: bindings}
	}
	at := func(ip string, port int32) containersv1.PortBinding {
		return containersv1.PortBinding{HostIP: ip, HostPort: port}
	}
	for name, c := range map[string]struct {
		status  containersv1.ContainerStatus
		want    Container
		running bool
	}{
		"exited":    {containersv1.ContainerStatus{Status: containersv1.StateExited}, Container{}, false},
		"paused":    {containersv1.ContainerStatus{Name: "a", Status: containersv1.StatePaused}, Container{ID: "id", Name: "a", Note: "paused"}, true},
		"unhealthy": {containersv1.ContainerStatus{Name: "a", Status: containersv1.StateRunning, Health: containersv1.HealthUnhealthy}, Container{ID: "id", Name: "a", Note: "unhealthy"}, true},
		"no name":   {containersv1.ContainerStatus{Status: containersv1.StateRunning}, Container{ID: "id", Name: "id"}, true},
		"ports": {
			containersv1.ContainerStatus{Name: "a", Status: containersv1.StateRunning, ComposeProject: "p", Ports: []containersv1.Port{
				port("53/udp", 53, "udp", at("0.0.0.0", 53)), port("80/tcp", 80, "tcp", at("0.0.0.0", 8080), at("::", 8080)),
				port("81/tcp", 81, "tcp"), port("443/tcp", 443, "tcp", at("fe80::1", 8443), at("127.0.0.1", 444)),
			}},
			Container{ID: "id", Name: "a", Project: "p", Ports: []Port{
				{"port 8080 (80/tcp)", "http://localhost:8080/"},
				{"port 8443 (443/tcp)", "https://[fe80::1]:8443/"},
				{"port 444 (443/tcp)", "https://localhost:444/"},
			}},
			true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := &containersv1.Container{Status: c.status}
			o.Name = "id"
			got, running := ObserveContainer(o, here)
			if diff := cmp.Diff(c.want, got); diff != "" || running != c.running {
				t.Errorf("running %v\n%s", running, diff)
			}
		})
	}
}

func TestPortsAreOpenedWhereTheEngineIs(t *testing.T) {
	for name, c := range map[string]struct {
		engine   appv1.ContainerEngine
		endpoint string
		want     []string
	}{
		"our own":              {appv1.ContainerEngine{Provider: appv1.ProviderNative, Host: "tcp://old:2375"}, "unix:///run/docker.sock", []string{"localhost:80", "localhost:81", "192.0.2.1:82"}},
		"a socket":             {appv1.ContainerEngine{Provider: appv1.ProviderHost, Host: "unix:///run/docker.sock"}, "unix:///run/docker.sock", []string{"localhost:80", "localhost:81", "192.0.2.1:82"}},
		"tcp":                  {appv1.ContainerEngine{Provider: appv1.ProviderHost, Host: "tcp://build:2376"}, "unix:///remote.sock", []string{"build:80", "192.0.2.1:82"}},
		"ssh":                  {appv1.ContainerEngine{Provider: appv1.ProviderHost, Host: "ssh://me@[fd00::1]:22"}, "unix:///remote.sock", []string{"[fd00::1]:80", "192.0.2.1:82"}},
		"tcp to this machine":  {appv1.ContainerEngine{Provider: appv1.ProviderHost, Host: "tcp://127.0.0.1:2375"}, "tcp://127.0.0.1:2375", []string{"localhost:80", "localhost:81", "192.0.2.1:82"}},
		"a context, by tcp":    {appv1.ContainerEngine{Provider: appv1.ProviderHost, Host: "desk"}, "tcp://10.0.0.7:2375", []string{"10.0.0.7:80", "192.0.2.1:82"}},
		"nothing known of yet": {appv1.ContainerEngine{Provider: appv1.ProviderHost}, "", []string{"localhost:80", "localhost:81", "192.0.2.1:82"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := &appv1.App{Spec: appv1.AppSpec{ContainerEngine: c.engine}, Status: appv1.AppStatus{Engine: &appv1.EngineStatus{Endpoint: c.endpoint}}}
			var got []string
			for _, p := range published([]containersv1.Port{{Name: "1/tcp", Port: 1, Protocol: "tcp", Bindings: []containersv1.PortBinding{
				{HostIP: "0.0.0.0", HostPort: 80}, {HostIP: "127.0.0.1", HostPort: 81}, {HostIP: "192.0.2.1", HostPort: 82},
			}}}, engineHost(app)) {
				got = append(got, strings.TrimSuffix(strings.TrimPrefix(p.URL, "http://"), "/"))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("ports (-want +got):\n%s", diff)
			}
		})
	}
}

func TestContainersStandByProjectAndName(t *testing.T) {
	var got []string
	for _, c := range sorted([]Container{{Name: "z"}, {Name: "b", Project: "q"}, {Name: "a", Project: "q"}, {Name: "c", Project: "p"}, {Name: "a"}}) {
		got = append(got, c.Project+"/"+c.Name)
	}
	if diff := cmp.Diff([]string{"p/c", "q/a", "q/b", "/a", "/z"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestDockerContextInTheMenu(t *testing.T) {
	for name, c := range map[string]struct {
		docker DockerContext
		want   string
	}{
		"unknown":  {DockerContext{}, lines("  [Which engine docker uses is not known]", "  [Copy the name berth]", "  [Make berth the current one]")},
		"not made": {DockerContext{Name: "berth", Current: "default"}, lines("  [docker uses the context default]", "  Copy the name berth", "  [Make berth the current one]")},
		"current":  {DockerContext{Name: "berth", There: true, Current: "berth"}, lines("  [docker uses Berth's engine]", "  Copy the name berth", "  [Make berth the current one]")},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Split(outline(Menu(State{Docker: c.docker}, time.Time{})), "\n---\n")[3]
			if diff := cmp.Diff("Docker context\n"+c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestALongFailureTakesSeveralLines(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"none":       {"", []string{"", ""}},
		"short":      {"a b", []string{"a b", ""}},
		"two lines":  {"aaaa bbbb cccc", []string{"aaaa bbbb", "cccc"}},
		"cut":        {"aaaa bbbb cccc dddd eeee", []string{"aaaa bbbb", "cccc dddd…"}},
		"a long one": {"aaaaaaaaaaaaaaa", []string{"aaaaaaaaa…", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, wrap(c.text, 10, 2)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
