package tray

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"

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

// ObserveContainer reads off what the menu tells of a container; running is false for one that the menu leaves out.
func ObserveContainer(o *containersv1.Container) (c Container, running bool) {
	s := &o.Status
	c = Container{ID: o.Name, Name: cmp.Or(s.Name, o.Name), Project: s.ComposeProject, Ports: published(s.Ports)}
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
func published(ports []containersv1.Port) []Port {
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
			if b.HostPort == 0 {
				continue
			}
			at := net.JoinHostPort(host(b.HostIP), strconv.Itoa(int(b.HostPort)))
			one := Port{Label: fmt.Sprintf("port %d (%s)", b.HostPort, p.Name), URL: scheme + "://" + at + "/"}
			if !slices.Contains(all, one) {
				all = append(all, one)
			}
		}
	}
	return all
}

// host is where a port that listens on that address is reached from here.
func host(listens string) string {
	ip := net.ParseIP(listens)
	if ip == nil || ip.IsUnspecified() || ip.IsLoopback() {
		return "localhost"
	}
	return ip.String()
}
