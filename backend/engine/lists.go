package engine

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// Engines tell of ports, networks and mounts in the order of their own maps. Here each list gets one order and no
// two entries of one name, so that the same state always looks the same.

// portSet gathers ports and their bindings.
type portSet map[string]*containers.Port

// addNamed takes a port as inspect writes it, such as 80/tcp.
func (s *portSet) addNamed(name, hostIP, hostPort string) {
	number, protocol, _ := strings.Cut(name, "/")
	port, err := strconv.ParseInt(number, 10, 32)
	if err != nil {
		return
	}
	published, err := strconv.ParseInt(hostPort, 10, 32)
	if err != nil {
		published = 0
	}
	s.add(int32(port), protocol, hostIP, int32(published))
}

func (s *portSet) add(port int32, protocol, hostIP string, hostPort int32) {
	const highest = 65535
	if port < 1 || port > highest || hostPort < 0 || hostPort > highest {
		return
	}
	if protocol == "" {
		protocol = "tcp"
	}
	protocol = strings.ToLower(protocol)
	name := strconv.Itoa(int(port)) + "/" + protocol
	if *s == nil {
		*s = portSet{}
	}
	p, ok := (*s)[name]
	if !ok {
		p = &containers.Port{Name: name, Port: port, Protocol: protocol}
		(*s)[name] = p
	}
	if b := (containers.PortBinding{HostIP: hostIP, HostPort: hostPort}); hostPort != 0 && !slices.Contains(p.Bindings, b) {
		p.Bindings = append(p.Bindings, b)
	}
}

func (s portSet) sorted() []containers.Port {
	if len(s) == 0 {
		return nil
	}
	all := make([]containers.Port, 0, len(s))
	for _, p := range s {
		slices.SortFunc(p.Bindings, func(a, b containers.PortBinding) int {
			return cmp.Or(cmp.Compare(a.HostIP, b.HostIP), cmp.Compare(a.HostPort, b.HostPort))
		})
		all = append(all, *p)
	}
	slices.SortFunc(all, func(a, b containers.Port) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
	})
	return all
}

func (w wireNetworks) attachments() []containers.NetworkAttachment {
	var all []containers.NetworkAttachment
	for name, n := range w {
		if name == "" {
			continue
		}
		all = append(all, containers.NetworkAttachment{
			Name: name, NetworkID: n.NetworkID, IPAddress: n.IPAddress, IPv6Address: n.GlobalIPv6Address, MacAddress: n.MacAddress,
		})
	}
	slices.SortFunc(all, func(a, b containers.NetworkAttachment) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func mountsOf(ws []wireMount) []containers.Mount {
	var all []containers.Mount
	for _, w := range ws {
		if w.Destination == "" {
			continue
		}
		all = append(all, containers.Mount{
			Destination: w.Destination, Type: w.Type, Name: w.Name, Source: w.Source, ReadOnly: !w.RW,
		})
	}
	slices.SortStableFunc(all, func(a, b containers.Mount) int { return cmp.Compare(a.Destination, b.Destination) })
	return slices.CompactFunc(all, func(a, b containers.Mount) bool { return a.Destination == b.Destination })
}

// set is ss sorted, without doubles, empty entries and what stands for "none".
func set(ss []string) []string {
	var kept []string
	for _, s := range ss {
		if s != "" && !strings.HasPrefix(s, "<none>") {
			kept = append(kept, s)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}

// filled is m, or nil where there is nothing in it: engines write both {} and null.
func filled(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}
