package apiserver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/distribution/reference"
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
