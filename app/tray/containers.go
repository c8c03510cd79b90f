package tray

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"

	appv1 "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// Container is one that runs, as far as the menu tells of it.
type Container struct {
	ID, Name string
	// Project is that of compose; empty without.
	Project string
	// Note says what is special about its state.
	Note  string
	Ports []Port
}

// Port is one that a container publishes.
type Port struct {
	Label, URL string
}

// here is where the ports of an engine on this machine are reached.
const here = "localhost"

// engineHost is where the ports of App's engine are reached. One that is reached by certificates or ssh has a local
// socket as its endpoint, so what the user wrote counts first.
func engineHost(app *appv1.App) string {
	var endpoints []string
	if e := app.Spec.ContainerEngine; e.Provider == appv1.ProviderHost {
		endpoints = append(endpoints, e.Host)
	}
	if app.Status.Engine != nil {
		endpoints = append(endpoints, app.Status.Engine.Endpoint)
	}
	for _, e := range endpoints {
		u, err := url.Parse(e)
		if err != nil || u.Hostname() == "" || u.Scheme == "unix" {
			continue
		}
		if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() {
			return here
		}
		return u.Hostname()
	}
	return here
}

// ObserveContainer reads off what the menu tells of a container of the engine at that host; running is false for one that
// the menu leaves out.
func ObserveContainer(o *containersv1.Container, engine string) (c Container, running bool) {
	s := &o.Status
	c = Container{ID: o.Name, Name: cmp.Or(s.Name, o.Name), Project: s.ComposeProject, Ports: published(s.Ports, engine)}
	switch {
	case s.Status == containersv1.StatePaused, s.Status == containersv1.StateRestarting:
		c.Note = string(s.Status)
	case s.Status != containersv1.StateRunning:
		return Container{}, false
	case s.Health == containersv1.HealthUnhealthy, s.Health == containersv1.HealthStarting:
		c.Note = string(s.Health)
	}
	return c, true
}

// sorted puts the containers in the order of the menu: projects by name, and those of none at the end.
func sorted(all []Container) []Container {
	slices.SortFunc(all, func(a, b Container) int {
		none := func(c Container) int { return len(c.Project) - max(len(c.Project), 1) } // -1 for those of none
		return cmp.Or(cmp.Compare(none(b), none(a)), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// published are the ports that a browser can try. One that is published for both families of addresses counts once.
func published(ports []containersv1.Port, engine string) []Port {
	var all []Port
	for _, p := range ports {
		if p.Protocol != "tcp" {
			continue
		}
		scheme := "http"
		if p.Port == 443 || p.Port == 8443 {
			scheme = "https"
		}
		for _, b := range p.Bindings {
			name := host(b.HostIP, engine)
			if b.HostPort == 0 || name == "" {
				continue
			}
			at := net.JoinHostPort(name, strconv.Itoa(int(b.HostPort)))
			one := Port{Label: fmt.Sprintf("port %d (%s)", b.HostPort, p.Name), URL: scheme + "://" + at + "/"}
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all
}

// host is where a port that listens on that address of the engine's machine is reached from here; empty if it is not.
func host(listens, engine string) string {
	ip := net.ParseIP(listens)
	switch {
	case ip == nil, ip.IsUnspecified():
		return engine
	case !ip.IsLoopback():
		return ip.String()
	case engine == here:
		return here
	default:
		return ""
	}
}
