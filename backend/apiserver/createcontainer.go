package apiserver

import (
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func containerCreateKind() kind[containers.ContainerCreate, *containers.ContainerCreate] {
	return once(kind[containers.ContainerCreate, *containers.ContainerCreate]{
		group: containers.SchemeGroupVersion, plural: "containercreates", singular: "containercreate", namespaced: true,
		newList: func() runtime.Object { return &containers.ContainerCreateList{} },
		items:   func(l runtime.Object) []containers.ContainerCreate { return l.(*containers.ContainerCreateList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Image", "what the container is made from"),
			column("Container", "short ID in the engine"),
			column("Done", "how it ended"),
			wideColumn("Progress", "what is being done"),
		},
		cells: func(c *containers.ContainerCreate) []any {
			return []any{c.Spec.Image, shortID(c.Status.ContainerID), howItEnded(c.Status.Conditions), c.Status.Progress}
		},
		validate:  validateContainerCreate,
		setStatus: func(to, from *containers.ContainerCreate) { to.Status = from.Status },
		sameSpec:  func(a, b *containers.ContainerCreate) bool { return apiequality.Semantic.DeepEqual(a.Spec, b.Spec) },
	})
}

func validateContainerCreate(c, _ *containers.ContainerCreate) field.ErrorList {
	path := field.NewPath("spec")
	var errs field.ErrorList
	if c.Spec.Image == "" {
		errs = append(errs, field.Required(path.Child("image"), "a container is made from an image"))
	}
	if c.Spec.Pull != "" {
		errs = append(errs, oneOf(path.Child("pull"), c.Spec.Pull, containers.PullMissing, containers.PullAlways, containers.PullNever)...)
	}
	errs = append(errs, validatePlatform(path.Child("platform"), c.Spec.Platform)...)
	errs = append(errs, validatePorts(path.Child("ports"), c.Spec.Ports)...)
	for i, v := range c.Spec.Volumes {
		errs = append(errs, absolute(path.Child("volumes").Index(i).Child("target"), v.Target)...)
	}
	for i, t := range c.Spec.Tmpfs {
		errs = append(errs, absolute(path.Child("tmpfs").Index(i).Child("target"), t.Target)...)
	}
	if i := slices.IndexFunc(c.Spec.Env, func(e string) bool { return e == "" || strings.HasPrefix(e, "=") }); i >= 0 {
		errs = append(errs, field.Invalid(path.Child("env").Index(i), c.Spec.Env[i], "use NAME=VALUE"))
	}
	errs = append(errs, validateNetwork(path, &c.Spec)...)
	errs = append(errs, validateHost(path, &c.Spec)...)
	errs = append(errs, validateHealth(path.Child("healthCheck"), c.Spec.HealthCheck)...)
	return append(errs, validateResources(path.Child("resources"), &c.Spec.Resources)...)
}

func validatePorts(path *field.Path, ports []containers.PublishedPort) (errs field.ErrorList) {
	for i, p := range ports {
		at := path.Index(i)
		if p.ContainerPort < 1 || p.ContainerPort > 65535 {
			errs = append(errs, field.Invalid(at.Child("containerPort"), p.ContainerPort, "use 1 to 65535"))
		}
		if p.HostPort < 0 || p.HostPort > 65535 {
			errs = append(errs, field.Invalid(at.Child("hostPort"), p.HostPort, "use 0 to 65535"))
		}
		if p.Protocol != "" {
			errs = append(errs, oneOf(at.Child("protocol"), p.Protocol, "tcp", "udp", "sctp")...)
		}
	}
	return errs
}

func absolute(path *field.Path, target string) field.ErrorList {
	if strings.HasPrefix(target, "/") {
		return nil
	}
	return field.ErrorList{field.Invalid(path, target, "use an absolute path")}
}

// validateNetwork looks at how other machines find a container, and it them.
func validateNetwork(path *field.Path, spec *containers.ContainerCreateSpec) (errs field.ErrorList) {
	engines := []string{"", "default", "bridge", "host", "none"}
	own := !slices.Contains(engines, spec.Network) && !strings.HasPrefix(spec.Network, "container:")
	if len(spec.NetworkAliases) > 0 && !own {
		errs = append(errs, field.Invalid(path.Child("networkAliases"), spec.NetworkAliases, "a container has further names only in a network of yours: name it"))
	}
	errs = append(errs, validateAddresses(path.Child("addresses"), &spec.Addresses, own)...)
	for i, text := range spec.Expose {
		if !regexp.MustCompile(`^\d{1,5}(-\d{1,5})?(/(tcp|udp|sctp))?$`).MatchString(text) {
			errs = append(errs, field.Invalid(path.Child("expose").Index(i), text, "use PORT or FROM-TO, with /udp or /sctp behind where it is not TCP"))
		}
	}
	for i, h := range spec.ExtraHosts {
		if name, address, ok := strings.Cut(h, ":"); !ok || name == "" || address == "" {
			errs = append(errs, field.Invalid(path.Child("extraHosts").Index(i), h, "use NAME:ADDRESS or NAME:host-gateway"))
		}
	}
	for i, text := range spec.DNS {
		if _, err := netip.ParseAddr(text); err != nil {
			errs = append(errs, field.Invalid(path.Child("dns").Index(i), text, "use an address, such as 1.1.1.1"))
		}
	}
	return errs
}

func validateAddresses(path *field.Path, a *containers.Addresses, own bool) (errs field.ErrorList) {
	if !own && (a.IPv4 != "" || a.IPv6 != "" || len(a.LinkLocal) > 0) {
		errs = append(errs, field.Forbidden(path, "a container has an address of your choice only in a network of yours: name it"))
	}
	if ip, err := netip.ParseAddr(a.IPv4); a.IPv4 != "" && (err != nil || !ip.Is4()) {
		errs = append(errs, field.Invalid(path.Child("ipv4"), a.IPv4, "use an address, such as 10.5.0.9"))
	}
	if ip, err := netip.ParseAddr(a.IPv6); a.IPv6 != "" && (err != nil || !ip.Is6()) {
		errs = append(errs, field.Invalid(path.Child("ipv6"), a.IPv6, "use an address, such as fd00::9"))
	}
	for i, text := range a.LinkLocal {
		if _, err := netip.ParseAddr(text); err != nil {
			errs = append(errs, field.Invalid(path.Child("linkLocal").Index(i), text, "use an address, such as 169.254.3.9"))
		}
	}
	if _, err := net.ParseMAC(a.MAC); a.MAC != "" && err != nil {
		errs = append(errs, field.Invalid(path.Child("mac"), a.MAC, "use an address of hardware, such as 02:42:ac:11:00:02"))
	}
	return errs
}
