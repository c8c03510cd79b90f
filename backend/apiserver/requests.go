package apiserver

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/distribution/reference"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
)

// howItEnded is the condition that says so of a request; none does before it is done with.
func howItEnded(conditions []metav1.Condition) string {
	for _, name := range []string{containers.ConditionComplete, containers.ConditionFailed} {
		if is, _ := condition(conditions, name); is == string(metav1.ConditionTrue) {
			return name
		}
	}
	return ""
}

// once makes a kind one of requests: what is asked for is carried out once, so it cannot change.
func once[T any, P store.Object[T]](k kind[T, P]) kind[T, P] {
	validate := k.validate
	k.validate = func(now, old P) field.ErrorList {
		if old != nil && !k.sameSpec(now, old) {
			return field.ErrorList{field.Forbidden(field.NewPath("spec"), "a request cannot change: make another one")}
		}
		return validate(now, old)
	}
	return k
}

func imagePullKind() kind[containers.ImagePull, *containers.ImagePull] {
	return once(kind[containers.ImagePull, *containers.ImagePull]{
		group: containers.SchemeGroupVersion, plural: "imagepulls", singular: "imagepull", namespaced: true,
		newList: func() runtime.Object { return &containers.ImagePullList{} },
		items:   func(l runtime.Object) []containers.ImagePull { return l.(*containers.ImagePullList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Reference", "the image that is wanted"),
			column("Done", "how it ended"),
			column("Progress", "what is being done"),
			wideColumn("Image", "short ID in the engine"),
		},
		cells: func(p *containers.ImagePull) []any {
			return []any{p.Spec.Reference, howItEnded(p.Status.Conditions), p.Status.Progress, shortID(p.Status.ImageID)}
		},
		validate:  validateImagePull,
		setStatus: func(to, from *containers.ImagePull) { to.Status = from.Status },
		sameSpec:  func(a, b *containers.ImagePull) bool { return a.Spec == b.Spec },
	})
}

func validateImagePull(p, _ *containers.ImagePull) field.ErrorList {
	path := field.NewPath("spec")
	var errs field.ErrorList
	switch _, err := reference.ParseNormalizedNamed(p.Spec.Reference); {
	case p.Spec.Reference == "":
		errs = append(errs, field.Required(path.Child("reference"), "name an image, such as busybox or ghcr.io/owner/name:tag"))
	case err != nil:
		errs = append(errs, field.Invalid(path.Child("reference"), p.Spec.Reference,
			fmt.Sprintf("this is no image's name (%v): use [REGISTRY/]NAME[:TAG] or NAME@DIGEST", err)))
	}
	return append(errs, validatePlatform(path.Child("platform"), p.Spec.Platform)...)
}

func validatePlatform(path *field.Path, text string) field.ErrorList {
	parts := strings.Split(text, "/")
	if text == "" || (len(parts) == 2 || len(parts) == 3) && !slices.Contains(parts, "") {
		return nil
	}
	return field.ErrorList{field.Invalid(path, text, "use OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as linux/arm64")}
}

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
	errs = append(errs, validateNames(path, &c.Spec)...)
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

// validateNames looks at what tells a container of other machines.
func validateNames(path *field.Path, spec *containers.ContainerCreateSpec) (errs field.ErrorList) {
	engines := []string{"", "default", "bridge", "host", "none"}
	if len(spec.NetworkAliases) > 0 && (slices.Contains(engines, spec.Network) || strings.HasPrefix(spec.Network, "container:")) {
		errs = append(errs, field.Invalid(path.Child("networkAliases"), spec.NetworkAliases, "a container has further names only in a network of yours: name it"))
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
	for i, d := range spec.Devices {
		if !strings.HasPrefix(d, "/") || strings.Count(d, ":") > 2 {
			errs = append(errs, field.Invalid(path.Child("devices").Index(i), d, "use PATH[:INSIDE][:RIGHTS], such as /dev/fuse"))
		}
	}
	return errs
}

func validateResources(path *field.Path, r *containers.ContainerResources) (errs field.ErrorList) {
	for _, q := range []struct {
		name string
		of   *resource.Quantity
	}{{"cpus", r.CPUs}, {"memory", r.Memory}, {"sharedMemory", r.SharedMemory}} {
		if q.of != nil && q.of.Sign() <= 0 {
			errs = append(errs, field.Invalid(path.Child(q.name), q.of.String(), "use more than 0, or leave it out"))
		}
	}
	return errs
}
