package lima

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"time"
)

// Lima 1.2 tells of forwarded ports in its log only: first from where to where, then, if it failed, to where.
var (
	forwarding = regexp.MustCompile(`^Forwarding TCP from (\S+) to (\S+)$`)
	unforward  = regexp.MustCompile(`^Stopping forwarding TCP from (\S+) to (\S+)$`)
	notHad     = regexp.MustCompile(`^failed to listen to TCP connection: listen tcp\d? (\S+): `)
)

// hear takes from the host agent's log what matters to a machine that is up.
func (d *Driver) hear(m *machine, s said) {
	if s.Msg == "Guest agent is running" {
		// It tells of all ports again.
		if m.agentLost {
			m.agentLost = false
			m.warnings.set(warnDegraded, "")
		}
		for host := range m.ports.all {
			m.warnings.set(warnPort+host, "")
		}
		m.ports.clear()
		return
	}
	host := m.ports.hear(s.Msg)
	if host == "" {
		return
	}
	if m.ports.failed(host) {
		m.warnings.set(warnPort+host, portTaken(host))
	} else {
		m.warnings.set(warnPort+host, "")
	}
}

// ports are the forwards of containers' ports, by their address on this host. They belong to whoever reads the log.
type ports struct {
	all map[string]port
	// left are forwards of our own that nobody wants any more.
	left []string
}

type port struct {
	guest         string
	tried, failed int // a port that a container has for IPv4 and IPv6 is tried twice, and had once
	ours          bool
}

// hear returns the address that a line of the log is about.
func (p *ports) hear(msg string) (host string) {
	if p.all == nil {
		p.all = make(map[string]port)
	}
	if w := forwarding.FindStringSubmatch(msg); w != nil {
		f := p.all[w[2]]
		f.guest = w[1]
		f.tried++
		p.all[w[2]] = f
		return w[2]
	}
	if w := unforward.FindStringSubmatch(msg); w != nil {
		p.leave(w[2])
		return w[2]
	}
	if w := notHad.FindStringSubmatch(msg); w != nil {
		f, known := p.all[w[1]]
		if !known {
			return ""
		}
		f.failed++
		p.all[w[1]] = f
		return w[1]
	}
	return ""
}

func (p *ports) leave(host string) {
	if f := p.all[host]; f.ours {
		p.left = append(p.left, host+":"+f.guest)
	}
	delete(p.all, host)
}

func (p *ports) clear() {
	for host := range p.all {
		p.leave(host)
	}
}

func (p *ports) failed(host string) bool {
	f, known := p.all[host]
	return known && !f.ours && f.failed >= f.tried
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

// mendAgent lets Lima find a guest agent that came up after its first look. The ssh connection believes ever after that
// it listens for the agent, and does not; once it was told to stop, Lima's next try succeeds. It tries each ten seconds.
func (d *Driver) mendAgent(ctx context.Context, m *machine) {
	if !m.agentLost || time.Since(m.agentSought) < agentPatience {
		return
	}
	m.agentSought = time.Now()
	l := d.layout
	if err := l.ssh(ctx, "-O", "cancel", "-L", l.in("ga.sock")+":/run/lima-guestagent.sock", l.guestName()); err != nil {
		d.log.Warn("The way to the guest agent cannot be made anew", "err", err)
	}
}

// agentPatience is longer than Lima needs to try again, and to succeed.
const agentPatience = 25 * time.Second

// retryPorts forwards what has become free, which Lima tries once, and lets go of what it forwarded so.
func (d *Driver) retryPorts(ctx context.Context, m *machine) {
	for _, forward := range m.ports.left {
		_ = d.layout.ssh(ctx, "-O", "cancel", "-L", forward, d.layout.guestName()) // it is gone if the connection is
	}
	m.ports.left = nil
	for host, f := range m.ports.all {
		if !m.ports.failed(host) || !isFree(ctx, host) {
			continue
		}
		if d.layout.ssh(ctx, "-O", "forward", "-L", host+":"+f.guest, d.layout.guestName()) == nil {
			f.ours = true
			m.ports.all[host] = f
			m.warnings.set(warnPort+host, "")
		}
	}
}

func isFree(ctx context.Context, address string) bool {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}
