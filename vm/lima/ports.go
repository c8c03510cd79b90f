package lima

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"strings"
)

// Lima 1.2 tells of forwarded ports in its log only: first from where to where, then, if it failed, the guest's port.
var (
	forwarding = regexp.MustCompile(`^Forwarding TCP from (\S+) to (\S+)$`)
	unforward  = regexp.MustCompile(`^Stopping forwarding TCP from (\S+) to (\S+)$`)
	notSetUp   = regexp.MustCompile(`^failed to set up forwarding tcp port (\d+)`)
)

// hear takes from the host agent's log what matters to a machine that is up.
func (d *Driver) hear(m *machine, s said) {
	switch {
	case s.Msg == "Guest agent is running":
		if strings.Contains(m.warnings.text(), "guest agent") {
			m.warnings.set(warnDegraded, "")
		}
	case forwarding.MatchString(s.Msg):
		w := forwarding.FindStringSubmatch(s.Msg)
		m.ports.try(w[1], w[2])
	case unforward.MatchString(s.Msg):
		m.warnings.set(warnPort+m.ports.forget(unforward.FindStringSubmatch(s.Msg)[2]), "")
	case notSetUp.MatchString(s.Msg):
		if host, ok := m.ports.fail(notSetUp.FindStringSubmatch(s.Msg)[1]); ok {
			m.warnings.set(warnPort+host, portTaken(host))
		}
	}
}

// ports are those of containers that could not be had on this host, by their address here. It belongs to whoever
// reads the log.
type ports struct {
	guest  map[string]string // by the host's address: where it leads
	failed map[string]bool
}

func (p *ports) try(guest, host string) {
	if p.guest == nil {
		p.guest, p.failed = make(map[string]string), make(map[string]bool)
	}
	p.guest[host] = guest
	delete(p.failed, host)
}

func (p *ports) forget(host string) string {
	delete(p.guest, host)
	delete(p.failed, host)
	return host
}

// fail finds the address of the forward that failed: Lima says only which port of the guest it was for.
func (p *ports) fail(guestPort string) (host string, ok bool) {
	for h, g := range p.guest {
		if _, port, err := net.SplitHostPort(g); err == nil && port == guestPort && !p.failed[h] {
			p.failed[h] = true
			return h, true
		}
	}
	return "", false
}

func portTaken(host string) string {
	_, port, err := net.SplitHostPort(host)
	if err != nil {
		port = host
	}
	if by := listenerOn(host); by != "" {
		return fmt.Sprintf("Port %s of a container is not reachable on this computer: %s has it. It will be, once that ends.", port, by)
	}
	return fmt.Sprintf("Port %s of a container is not reachable on this computer: another program has it, or it is not allowed.", port)
}

// retryPorts forwards what has become free: Lima tries once.
func (d *Driver) retryPorts(ctx context.Context, m *machine) {
	for host := range m.ports.failed {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", host)
		if err != nil {
			continue
		}
		_ = l.Close()
		if d.layout.ssh(ctx, "-O", "forward", "-L", host+":"+m.ports.guest[host], d.layout.guestName()) == nil {
			delete(m.ports.failed, host)
			m.warnings.set(warnPort+host, "")
		}
	}
}
