package apiserver

import (
	"slices"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func containerCreateKind() kind[containers.ContainerCreate, *containers.ContainerCreate] {
	return kind[containers.ContainerCreate, *containers.ContainerCreate]{
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
			done := ""
			for _, name := range []string{containers.ConditionComplete, containers.ConditionFailed} {
				if is, _ := condition(c.Status.Conditions, name); is == string(metav1.ConditionTrue) {
					done = name
				}
			}
			return []any{c.Spec.Image, shortID(c.Status.ContainerID), done, c.Status.Progress}
		},
		validate:  validateContainerCreate,
		setStatus: func(to, from *containers.ContainerCreate) { to.Status = from.Status },
		sameSpec:  func(a, b *containers.ContainerCreate) bool { return apiequality.Semantic.DeepEqual(a.Spec, b.Spec) },
	}
}

func validateContainerCreate(c, old *containers.ContainerCreate) field.ErrorList {
	path := field.NewPath("spec")
	if old != nil && !apiequality.Semantic.DeepEqual(c.Spec, old.Spec) {
		return field.ErrorList{field.Forbidden(path, "a request cannot change: make another one")}
	}
	var errs field.ErrorList
	if c.Spec.Image == "" {
		errs = append(errs, field.Required(path.Child("image"), "a container is made from an image"))
	}
	if c.Spec.Pull != "" {
		errs = append(errs, oneOf(path.Child("pull"), c.Spec.Pull, containers.PullMissing, containers.PullAlways, containers.PullNever)...)
	}
	for i, p := range c.Spec.Ports {
		at := path.Child("ports").Index(i)
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
	for i, v := range c.Spec.Volumes {
		if !strings.HasPrefix(v.Target, "/") {
			errs = append(errs, field.Invalid(path.Child("volumes").Index(i).Child("target"), v.Target, "use an absolute path"))
		}
	}
	if i := slices.IndexFunc(c.Spec.Env, func(e string) bool { return e == "" || strings.HasPrefix(e, "=") }); i >= 0 {
		errs = append(errs, field.Invalid(path.Child("env").Index(i), c.Spec.Env[i], "use NAME=VALUE"))
	}
	return errs
}
