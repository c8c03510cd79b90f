package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	containersv1 "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// hostOptions is what `run` was asked for that must be read before it is a wish.
type hostOptions struct {
	health              containersv1.HealthCheck
	logOptions, sysctls []string
}

func (o *runOptions) healthFlags(f *pflag.FlagSet) {
	h := &o.health
	f.StringVar(&h.Command, "health-cmd", "", "have its shell run this to tell whether it is healthy")
	f.Var(&lasting{&h.Interval}, "health-interval", "the time between two checks: 30s")
	f.Var(&lasting{&h.Timeout}, "health-timeout", "how long a check may take")
	f.Int32Var(&h.Retries, "health-retries", 0, "how many failures in a row make it unhealthy")
	f.Var(&lasting{&h.StartPeriod}, "health-start-period", "do not count failures for so long after its start")
	f.Var(&lasting{&h.StartInterval}, "health-start-interval", "the time between two checks in that period")
	f.BoolVar(&h.Disabled, "no-healthcheck", false, "do none of the checks that the image names")
	f.StringVar(&o.Logging.Driver, "log-driver", "", "where its output goes: local, json-file, journald, none…")
	f.StringArrayVar(&o.logOptions, "log-opt", nil, "tell the log driver NAME=VALUE, such as max-size=10m")
}

func (o *runOptions) boundFlags(f *pflag.FlagSet) {
	r := &o.Resources
	f.Var(&swap{&r.MemorySwap}, "memory-swap", "give it at most so much memory and swap together; -1 does not bound swap")
	f.Var(&bytesOf{&r.MemoryReservation}, "memory-reservation", "bring it down to so much while memory is short")
	f.Int64VarP(&r.CPUShares, "cpu-shares", "c", 0, "weigh it against others while processors are short: 1024 is usual")
	f.StringVar(&r.CPUSet, "cpuset-cpus", "", "run it on these processors only: 0-2, 0,3")
	f.StringVar(&r.MemoryNodes, "cpuset-mems", "", "give it memory of these nodes only: 0-1")
	f.Int64Var(&r.PidsLimit, "pids-limit", 0, "let it have at most so many processes; -1 is no bound")
	f.Int32Var(&r.OOMScoreAdjust, "oom-score-adj", 0, "have it ended sooner when memory is short, to 1000, or later, to -1000")
	f.Var(&ulimits{&r.Ulimits}, "ulimit", "bound each of its processes: NAME=SOFT[:HARD], such as nofile=1024:2048")
	f.StringArrayVar(&o.sysctls, "sysctl", nil, "set the kernel's NAME=VALUE inside it")
}

func (o *runOptions) shareFlags(f *pflag.FlagSet) {
	n := &o.Namespaces
	f.StringVar(&n.PID, "pid", "", "see the processes of: host, container:NAME")
	f.StringVar(&n.IPC, "ipc", "", "share memory with: none, private, shareable, host, container:NAME")
	f.StringVar(&n.UTS, "uts", "", "have the hostname of: host")
	f.StringVar(&n.User, "userns", "", "have the users of: host")
	f.StringVar(&n.Cgroup, "cgroupns", "", "see the control groups of: host, private")
	f.StringArrayVar(&o.SecurityOptions, "security-opt", nil, "no-new-privileges, seccomp=FILE, apparmor=PROFILE, label=OPTION")
	f.StringArrayVar(&o.Groups, "group-add", nil, "a further group of its process, by name or number")
	f.StringArrayVar(&o.VolumesFrom, "volumes-from", nil, "mount the volumes of CONTAINER[:ro] as well")
}

func (o *runOptions) addressFlags(f *pflag.FlagSet) {
	a := &o.Addresses
	f.StringVar(&a.IPv4, "ip", "", "its address in its --network: 10.5.0.9")
	f.StringVar(&a.IPv6, "ip6", "", "its IPv6 address in its --network")
	f.StringArrayVar(&a.LinkLocal, "link-local-ip", nil, "a further address that holds on its link alone")
	f.StringVar(&a.MAC, "mac-address", "", "the address of its hardware: 02:42:ac:11:00:02")
	f.StringArrayVar(&o.Expose, "expose", nil, "a port that it has, to which nothing leads: PORT[-TO][/udp]")
	f.StringVar(&o.Domainname, "domainname", "", "the domain that it is in, for itself")
	f.StringArrayVar(&o.DNSSearch, "dns-search", nil, "look for names without a dot in this domain")
	f.StringArrayVar(&o.DNSOptions, "dns-option", nil, "an option of resolv.conf, such as ndots:2")
}

// readHost completes the wish from what was written.
func (o *runOptions) readHost() (err error) {
	if h := o.health; h != (containersv1.HealthCheck{}) {
		if h.Disabled && h != (containersv1.HealthCheck{Disabled: true}) {
			return errors.New("--no-healthcheck and --health-… do not go together")
		}
		o.HealthCheck = &o.health
	}
	o.Logging.Options = pairs(o.logOptions)
	for _, text := range o.sysctls {
		if !strings.Contains(text, "=") {
			return fmt.Errorf("--sysctl %s: use NAME=VALUE, such as net.ipv4.ip_forward=1", text)
		}
	}
	o.Sysctls = pairs(o.sysctls)
	for i, text := range o.SecurityOptions {
		if o.SecurityOptions[i], err = withProfile(text); err != nil {
			return fmt.Errorf("--security-opt %s: %w", text, err)
		}
	}
	return nil
}

// withProfile puts a profile in the place of its file, which is here and not where the engine is.
func withProfile(option string) (string, error) {
	path, is := strings.CutPrefix(option, "seccomp=")
	if !is || path == "" || path == "default" || path == "unconfined" {
		return option, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the user names it
	if err != nil {
		return "", err
	}
	var short bytes.Buffer
	if err := json.Compact(&short, text); err != nil {
		return "", fmt.Errorf("it is no JSON: %w", err)
	}
	return "seccomp=" + short.String(), nil
}

// lasting is a flag that takes 30s; 0 is left out, as docker does it.
type lasting struct{ to **metav1.Duration }

func (*lasting) Type() string { return "duration" }

func (l *lasting) String() string {
	if l.to == nil || *l.to == nil {
		return ""
	}
	return (*l.to).Duration.String()
}

func (l *lasting) Set(text string) error {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil || d < 0:
		return errors.New("use a time, such as 30s or 1m30s")
	case d == 0:
		*l.to = nil
	default:
		*l.to = &metav1.Duration{Duration: d}
	}
	return nil
}

// swap is a flag that takes 1g, or -1.
type swap struct{ to **resource.Quantity }

func (*swap) Type() string     { return "bytes" }
func (s *swap) String() string { return wished(s.to) }

func (s *swap) Set(text string) error {
	if text == "-1" {
		*s.to = resource.NewQuantity(-1, resource.BinarySI)
		return nil
	}
	return (&bytesOf{s.to}).Set(text)
}

// ulimits is a flag that takes NAME=SOFT[:HARD], several times. Of two for a name the last holds.
type ulimits struct{ to *[]containersv1.Ulimit }

func (*ulimits) Type() string { return "limit" }

func (u *ulimits) String() string {
	if u.to == nil {
		return ""
	}
	all := make([]string, 0, len(*u.to))
	for _, one := range *u.to {
		all = append(all, (&units.Ulimit{Name: one.Name, Soft: one.Soft, Hard: one.Hard}).String())
	}
	return strings.Join(all, ",")
}

func (u *ulimits) Set(text string) error {
	one, err := units.ParseUlimit(text)
	if err != nil {
		return fmt.Errorf("use NAME=SOFT[:HARD], such as nofile=1024:2048 (%w)", err)
	}
	kept := slices.DeleteFunc(*u.to, func(other containersv1.Ulimit) bool { return other.Name == one.Name })
	*u.to = append(kept, containersv1.Ulimit{Name: one.Name, Soft: one.Soft, Hard: one.Hard})
	return nil
}
