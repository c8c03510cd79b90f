package apiserver

import (
	"fmt"
	"net/netip"
	"regexp"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func volumeCreateKind() kind[containers.VolumeCreate, *containers.VolumeCreate] {
	return once(kind[containers.VolumeCreate, *containers.VolumeCreate]{
		group: containers.SchemeGroupVersion, plural: "volumecreates", singular: "volumecreate", namespaced: true,
		newList: func() runtime.Object { return &containers.VolumeCreateList{} },
		items:   func(l runtime.Object) []containers.VolumeCreate { return l.(*containers.VolumeCreateList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Wanted", "the name that was asked for"),
			column("Volume", "the name in the engine"),
			column("Done", "how it ended"),
		},
		cells: func(v *containers.VolumeCreate) []any {
			return []any{v.Spec.Name, v.Status.VolumeName, howItEnded(v.Status.Conditions)}
		},
		validate:  validateVolumeCreate,
		setStatus: func(to, from *containers.VolumeCreate) { to.Status = from.Status },
		sameSpec:  func(a, b *containers.VolumeCreate) bool { return apiequality.Semantic.DeepEqual(a.Spec, b.Spec) },
	})
}

func validateVolumeCreate(v, _ *containers.VolumeCreate) field.ErrorList {
	if v.Spec.Name == "" {
		return nil
	}
	return dockersName(field.NewPath("spec", "name"), v.Spec.Name)
}

func networkCreateKind() kind[containers.NetworkCreate, *containers.NetworkCreate] {
	return once(kind[containers.NetworkCreate, *containers.NetworkCreate]{
		group: containers.SchemeGroupVersion, plural: "networkcreates", singular: "networkcreate", namespaced: true,
		newList: func() runtime.Object { return &containers.NetworkCreateList{} },
		items:   func(l runtime.Object) []containers.NetworkCreate { return l.(*containers.NetworkCreateList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Wanted", "the name that was asked for"),
			column("Network", "short ID in the engine"),
			column("Done", "how it ended"),
		},
		cells: func(n *containers.NetworkCreate) []any {
			return []any{n.Spec.Name, shortID(n.Status.NetworkID), howItEnded(n.Status.Conditions)}
		},
		validate:  validateNetworkCreate,
		setStatus: func(to, from *containers.NetworkCreate) { to.Status = from.Status },
		sameSpec:  func(a, b *containers.NetworkCreate) bool { return apiequality.Semantic.DeepEqual(a.Spec, b.Spec) },
	})
}

func validateNetworkCreate(n, _ *containers.NetworkCreate) field.ErrorList {
	path := field.NewPath("spec")
	errs := dockersName(path.Child("name"), n.Spec.Name)
	for i, s := range n.Spec.Subnets {
		errs = append(errs, validateSubnet(path.Child("subnets").Index(i), s)...)
	}
	return errs
}

func validateSubnet(path *field.Path, s containers.Subnet) (errs field.ErrorList) {
	within, err := netip.ParsePrefix(s.Subnet)
	if err != nil {
		return field.ErrorList{field.Invalid(path.Child("subnet"), s.Subnet, "use a range of addresses, such as 10.5.0.0/16")}
	}
	if within != within.Masked() {
		errs = append(errs, field.Invalid(path.Child("subnet"), s.Subnet, fmt.Sprintf("the range that it is in is %s", within.Masked())))
	}
	if gateway, err := netip.ParseAddr(s.Gateway); s.Gateway != "" && (err != nil || !within.Contains(gateway)) {
		errs = append(errs, field.Invalid(path.Child("gateway"), s.Gateway, fmt.Sprintf("use an address in %s", s.Subnet)))
	}
	if r, err := netip.ParsePrefix(s.IPRange); s.IPRange != "" && (err != nil || !within.Contains(r.Addr()) || r.Bits() < within.Bits()) {
		errs = append(errs, field.Invalid(path.Child("ipRange"), s.IPRange, fmt.Sprintf("use a range in %s", s.Subnet)))
	}
	return errs
}

// dockersName is what engines take as the name of a volume or a network.
func dockersName(path *field.Path, name string) field.ErrorList {
	switch {
	case name == "":
		return field.ErrorList{field.Required(path, "say how it is to be called")}
	case !regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]*$`).MatchString(name):
		return field.ErrorList{field.Invalid(path, name, "use letters, digits, _, . and -, and begin with a letter or a digit")}
	default:
		return nil
	}
}
