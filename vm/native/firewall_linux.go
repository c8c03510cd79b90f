package native

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/berth-desktop/berth/vm/internal/docker"
)

// firewall is what lets containers reach other networks and keeps networks apart.
//
// dockerd could write such rules itself, but its chains have fixed names and it empties them when it starts: two
// dockerds on one machine break each other. So ours runs without, its proxy publishes ports, and the rules stand in
// chains that carry this engine's mark. System rules of others are left as they are; a strict one of them may still
// refuse what ours accept.
type firewall struct {
	chain string
	// iptables and restore are programs; they are looked for when they are needed.
	find func(string) string
}

func (l layout) firewall() firewall {
	return firewall{chain: "BERTH-" + strings.ToUpper(l.mark()), find: installed}
}

func (f firewall) inside() string { return f.chain + "-OUT" }

// apply replaces the rules by those of the given networks, all at once, and hooks them in.
func (f firewall) apply(ctx context.Context, networks []docker.Network) error {
	if err := f.run(ctx, f.rules(networks), "iptables-restore", "--noflush", "-w", "5"); err != nil {
		return err
	}
	for _, hook := range f.hooks() {
		if f.run(ctx, "", "iptables", hook.args("-C")...) == nil {
			continue
		}
		if err := f.run(ctx, "", "iptables", hook.args("-I")...); err != nil {
			return err
		}
	}
	return nil
}

// remove takes the chains out again. Those that are not there are no error.
func (f firewall) remove(ctx context.Context) error {
	var errs []error
	for _, hook := range f.hooks() {
		for f.run(ctx, "", "iptables", hook.args("-C")...) == nil {
			if err := f.run(ctx, "", "iptables", hook.args("-D")...); err != nil {
				errs = append(errs, err)
				break
			}
		}
	}
	for _, c := range [][2]string{{"nat", f.chain}, {"filter", f.chain}, {"filter", f.inside()}} {
		if f.run(ctx, "", "iptables", "-w", "5", "-t", c[0], "-n", "-L", c[1]) != nil {
			continue
		}
		errs = append(errs,
			f.run(ctx, "", "iptables", "-w", "5", "-t", c[0], "-F", c[1]),
			f.run(ctx, "", "iptables", "-w", "5", "-t", c[0], "-X", c[1]))
	}
	return errors.Join(errs...)
}

// hook is the one rule in a system's chain that leads into ours.
type hook struct{ table, from, to string }

func (f firewall) hooks() []hook {
	return []hook{{"nat", "POSTROUTING", f.chain}, {"filter", "FORWARD", f.chain}}
}

func (h hook) args(verb string) []string {
	return []string{"-w", "5", "-t", h.table, verb, h.from, "-j", h.to}
}

// rules are the input of iptables-restore: naming a chain makes or empties it, and a table changes as one.
func (f firewall) rules(networks []docker.Network) string {
	var nat, filter, out strings.Builder
	for _, n := range networks {
		if n.Masquerade && !n.Internal {
			for _, s := range n.Subnets {
				fmt.Fprintf(&nat, "-A %s -s %s ! -o %s -j MASQUERADE\n", f.chain, s, n.Bridge)
			}
		}
		talk := "ACCEPT"
		if !n.Talk {
			talk = "DROP"
		}
		fmt.Fprintf(&filter, "-A %s -i %s -o %s -j %s\n", f.chain, n.Bridge, n.Bridge, talk)
		if n.Internal {
			fmt.Fprintf(&filter, "-A %s -i %s -j DROP\n", f.chain, n.Bridge)
		} else {
			fmt.Fprintf(&filter, "-A %s -o %s -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n", f.chain, n.Bridge)
			fmt.Fprintf(&filter, "-A %s -i %s -j %s\n", f.chain, n.Bridge, f.inside())
		}
		// Published ports come through dockerd's proxy, so nobody outside has to reach a container itself.
		fmt.Fprintf(&filter, "-A %s -o %s -j DROP\n", f.chain, n.Bridge)
		fmt.Fprintf(&out, "-A %s -o %s -j DROP\n", f.inside(), n.Bridge)
	}
	fmt.Fprintf(&out, "-A %s -j ACCEPT\n", f.inside())
	return fmt.Sprintf("*nat\n:%s - [0:0]\n%sCOMMIT\n*filter\n:%s - [0:0]\n:%s - [0:0]\n%s%sCOMMIT\n",
		f.chain, &nat, f.chain, f.inside(), &filter, &out)
}

func (f firewall) run(ctx context.Context, input, program string, args ...string) error {
	path := f.find(program)
	if path == "" {
		return fmt.Errorf("%s is not installed", program)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin = strings.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return nil
}
