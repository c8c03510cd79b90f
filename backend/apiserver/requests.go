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
	_, errs := imageName(path.Child("reference"), p.Spec.Reference, "[REGISTRY/]NAME[:TAG] or NAME@DIGEST")
	return append(errs, validatePlatform(path.Child("platform"), p.Spec.Platform)...)
}

func imagePushKind() kind[containers.ImagePush, *containers.ImagePush] {
	return once(kind[containers.ImagePush, *containers.ImagePush]{
		group: containers.SchemeGroupVersion, plural: "imagepushes", singular: "imagepush", namespaced: true,
		newList: func() runtime.Object { return &containers.ImagePushList{} },
		items:   func(l runtime.Object) []containers.ImagePush { return l.(*containers.ImagePushList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Reference", "the image that is sent"),
			column("Done", "how it ended"),
			column("Progress", "what is being done"),
			wideColumn("Digest", "what the registry calls it"),
		},
		cells: func(p *containers.ImagePush) []any {
			return []any{p.Spec.Reference, howItEnded(p.Status.Conditions), p.Status.Progress, p.Status.Digest}
		},
		validate:  validateImagePush,
		setStatus: func(to, from *containers.ImagePush) { to.Status = from.Status },
		sameSpec:  func(a, b *containers.ImagePush) bool { return a.Spec == b.Spec },
	})
}

func validateImagePush(p, _ *containers.ImagePush) field.ErrorList {
	path := field.NewPath("spec")
	return append(tagName(path.Child("reference"), p.Spec.Reference), validatePlatform(path.Child("platform"), p.Spec.Platform)...)
}

func imageTagKind() kind[containers.ImageTag, *containers.ImageTag] {
	return once(kind[containers.ImageTag, *containers.ImageTag]{
		group: containers.SchemeGroupVersion, plural: "imagetags", singular: "imagetag", namespaced: true,
		newList: func() runtime.Object { return &containers.ImageTagList{} },
		items:   func(l runtime.Object) []containers.ImageTag { return l.(*containers.ImageTagList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Source", "the image"),
			column("Target", "its further name"),
			column("Done", "how it ended"),
			wideColumn("Image", "short ID in the engine"),
		},
		cells: func(t *containers.ImageTag) []any {
			return []any{t.Spec.Source, t.Spec.Target, howItEnded(t.Status.Conditions), shortID(t.Status.ImageID)}
		},
		validate:  validateImageTag,
		setStatus: func(to, from *containers.ImageTag) { to.Status = from.Status },
		sameSpec:  func(a, b *containers.ImageTag) bool { return a.Spec == b.Spec },
	})
}

func validateImageTag(t, _ *containers.ImageTag) (errs field.ErrorList) {
	path := field.NewPath("spec")
	if _, err := reference.ParseAnyReference(t.Spec.Source); err != nil {
		errs = append(errs, field.Invalid(path.Child("source"), t.Spec.Source, fmt.Sprintf("this is no image (%v): use NAME[:TAG] or an ID", err)))
	}
	return append(errs, tagName(path.Child("target"), t.Spec.Target)...)
}

// tagName is what an image may be called here, which a digest never is: that is the registry's word.
func tagName(path *field.Path, text string) field.ErrorList {
	const use = "[REGISTRY/]NAME[:TAG]"
	named, errs := imageName(path, text, use)
	if _, is := named.(reference.Digested); is {
		return field.ErrorList{field.Invalid(path, text, "a digest comes from the registry: use "+use)}
	}
	return errs
}

func imageName(path *field.Path, text, use string) (reference.Named, field.ErrorList) {
	if text == "" {
		return nil, field.ErrorList{field.Required(path, "name an image, such as busybox or ghcr.io/owner/name:tag")}
	}
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return nil, field.ErrorList{field.Invalid(path, text, fmt.Sprintf("this is no image's name (%v): use %s", err, use))}
	}
	return named, nil
}

func validatePlatform(path *field.Path, text string) field.ErrorList {
	parts := strings.Split(text, "/")
	if text == "" || (len(parts) == 2 || len(parts) == 3) && !slices.Contains(parts, "") {
		return nil
	}
	return field.ErrorList{field.Invalid(path, text, "use OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as linux/arm64")}
}
