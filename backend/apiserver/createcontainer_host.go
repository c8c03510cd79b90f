package apiserver

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/docker/go-units"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

// validateHost looks at what a container is given of the machine, and what is kept from it.
func validateHost(path *field.Path, spec *containers.ContainerCreateSpec) (errs field.ErrorList) {
	for i, d := range spec.Devices {
		if !strings.HasPrefix(d, "/") || strings.Count(d, ":") > 2 {
			errs = append(errs, field.Invalid(path.Child("devices").Index(i), d, "use PATH[:INSIDE][:RIGHTS], such as /dev/fuse"))
		}
	}
	for i, text := range spec.VolumesFrom {
		if !regexp.MustCompile(`^[^:]+(:(ro|rw))?$`).MatchString(text) {
			errs = append(errs, field.Invalid(path.Child("volumesFrom").Index(i), text, "use a container's name or ID, with :ro behind to write nothing"))
		}
	}
	if i := slices.Index(spec.Groups, ""); i >= 0 {
		errs = append(errs, field.Invalid(path.Child("groups").Index(i), "", "use a group's name or number"))
	}
	for name := range spec.Sysctls {
		if !strings.Contains(name, ".") {
			errs = append(errs, field.Invalid(path.Child("sysctls").Key(name), name, "use a setting of the kernel, such as net.ipv4.ip_forward"))
		}
	}
	if l := &spec.Logging; l.Driver == "none" && len(l.Options) > 0 {
		errs = append(errs, field.Forbidden(path.Child("logging", "options"), "the driver none has no options"))
	}
	for i, text := range spec.SecurityOptions {
		if !securityOption(text) {
			errs = append(errs, field.Invalid(path.Child("securityOptions").Index(i), text,
				"use no-new-privileges, apparmor=PROFILE, label=OPTION, systempaths=unconfined or seccomp=PROFILE, which is default, unconfined or JSON"))
		}
	}
	return append(errs, validateNamespaces(path.Child("namespaces"), &spec.Namespaces)...)
}

// securityOption tells what engines may know from what none does. They know NAME:VALUE, too, from the time before NAME=VALUE.
func securityOption(text string) bool {
	at := strings.IndexAny(text, "=:")
	if at < 0 {
		return text == "no-new-privileges"
	}
	name, value := text[:at], text[at+1:]
	if name == "seccomp" && value != "default" && value != "unconfined" {
		return json.Valid([]byte(value))
	}
	return name != "" && value != ""
}

func validateNamespaces(path *field.Path, n *containers.Namespaces) (errs field.ErrorList) {
	for _, one := range []struct {
		name, is string
		ofOthers bool
		known    []string
	}{
		{"pid", n.PID, true, []string{"host"}},
		{"ipc", n.IPC, true, []string{"none", "private", "shareable", "host"}},
		{"uts", n.UTS, false, []string{"host"}},
		{"user", n.User, false, []string{"host"}},
		{"cgroup", n.Cgroup, false, []string{"private", "host"}},
	} {
		other, named := strings.CutPrefix(one.is, "container:")
		if one.is == "" || one.ofOthers && named && other != "" || slices.Contains(one.known, one.is) {
			continue
		}
		use := one.known
		if one.ofOthers {
			use = append(use, "container:NAME")
		}
		errs = append(errs, field.NotSupported(path.Child(one.name), one.is, use))
	}
	return errs
}

func validateHealth(path *field.Path, h *containers.HealthCheck) (errs field.ErrorList) {
	if h == nil {
		return nil
	}
	if h.Disabled && *h != (containers.HealthCheck{Disabled: true}) {
		errs = append(errs, field.Forbidden(path, "a check that is disabled has no other settings: leave them out, or disabled"))
	}
	if h.Retries < 0 {
		errs = append(errs, field.Invalid(path.Child("retries"), h.Retries, "use 1 or more, or leave it out"))
	}
	for _, one := range []struct {
		name string
		is   *metav1.Duration
	}{{"interval", h.Interval}, {"timeout", h.Timeout}, {"startPeriod", h.StartPeriod}, {"startInterval", h.StartInterval}} {
		if one.is != nil && one.is.Duration < time.Millisecond {
			errs = append(errs, field.Invalid(path.Child(one.name), one.is.Duration.String(), "use at least 1ms, such as 30s, or leave it out"))
		}
	}
	return errs
}

func validateResources(path *field.Path, r *containers.ContainerResources) (errs field.ErrorList) {
	for _, q := range []struct {
		name string
		of   *resource.Quantity
	}{{"cpus", r.CPUs}, {"memory", r.Memory}, {"memoryReservation", r.MemoryReservation}, {"sharedMemory", r.SharedMemory}} {
		if q.of != nil && q.of.Sign() <= 0 {
			errs = append(errs, field.Invalid(path.Child(q.name), q.of.String(), "use more than 0, or leave it out"))
		}
	}
	errs = append(errs, validateMemory(path, r)...)
	for _, set := range []struct{ name, is string }{{"cpuSet", r.CPUSet}, {"memoryNodes", r.MemoryNodes}} {
		if set.is != "" && !regexp.MustCompile(`^\d+(-\d+)?(,\d+(-\d+)?)*$`).MatchString(set.is) {
			errs = append(errs, field.Invalid(path.Child(set.name), set.is, "use numbers, such as 0-2 or 0,3"))
		}
	}
	if r.CPUShares < 0 || r.CPUShares > 262144 {
		errs = append(errs, field.Invalid(path.Child("cpuShares"), r.CPUShares, "use 2 to 262144; 1024 is usual"))
	}
	if r.PidsLimit < -1 {
		errs = append(errs, field.Invalid(path.Child("pidsLimit"), r.PidsLimit, "use a number of processes, or -1 for no bound"))
	}
	if r.OOMScoreAdjust < -1000 || r.OOMScoreAdjust > 1000 {
		errs = append(errs, field.Invalid(path.Child("oomScoreAdjust"), r.OOMScoreAdjust, "use -1000 to 1000"))
	}
	for i, u := range r.Ulimits {
		if _, err := units.ParseUlimit((&units.Ulimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard}).String()); err != nil || u.Soft < -1 || u.Hard < -1 {
			errs = append(errs, field.Invalid(path.Child("ulimits").Index(i), fmt.Sprintf("%s=%d:%d", u.Name, u.Soft, u.Hard),
				"use a limit of the kernel, such as nofile, and a soft one that is not above the hard one; -1 is no limit"))
		}
	}
	return errs
}

func validateMemory(path *field.Path, r *containers.ContainerResources) (errs field.ErrorList) {
	if q := r.MemoryReservation; q != nil && r.Memory != nil && q.Cmp(*r.Memory) > 0 {
		errs = append(errs, field.Invalid(path.Child("memoryReservation"), q.String(), fmt.Sprintf("use less than the memory, which is %s", r.Memory)))
	}
	q := r.MemorySwap
	switch {
	case q == nil || q.Value() == -1:
	case r.Memory == nil:
		errs = append(errs, field.Invalid(path.Child("memorySwap"), q.String(), "set the memory as well: this is both together"))
	case q.Cmp(*r.Memory) < 0:
		errs = append(errs, field.Invalid(path.Child("memorySwap"), q.String(), fmt.Sprintf("use at least the memory, which is %s: this is both together", r.Memory)))
	}
	return errs
}
