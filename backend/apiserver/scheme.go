package apiserver

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
	lima "github.com/berth-desktop/berth/backend/api/lima/v1alpha1"
	"github.com/berth-desktop/berth/backend/api/store"
)

func newScheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{app.AddToScheme, containers.AddToScheme, lima.AddToScheme} {
		if err := add(s); err != nil {
			return nil, fmt.Errorf("register kinds: %w", err)
		}
	}
	for _, gv := range []schema.GroupVersion{app.SchemeGroupVersion, containers.SchemeGroupVersion, lima.SchemeGroupVersion} {
		if err := s.SetVersionPriority(gv); err != nil {
			return nil, fmt.Errorf("register %s: %w", gv, err)
		}
	}
	unversioned := schema.GroupVersion{Version: "v1"}
	metav1.AddToGroupVersion(s, unversioned)
	s.AddUnversionedTypes(unversioned, &metav1.Status{}, &metav1.APIVersions{}, &metav1.APIGroupList{}, &metav1.APIGroup{}, &metav1.APIResourceList{})
	return s, nil
}

// register makes a kind known in its internal version, which the libraries want to have (it is the same type here),
// and names the fields that may be selected: without that every selector is refused.
func register[T any, P store.Object[T]](s *runtime.Scheme, k kind[T, P]) error {
	s.AddKnownTypes(schema.GroupVersion{Group: k.group.Group, Version: runtime.APIVersionInternal}, P(new(T)), k.newList())
	gvks, _, err := s.ObjectKinds(P(new(T)))
	if err != nil {
		return fmt.Errorf("register %s: %w", k.plural, err)
	}
	known := fields.Set{"metadata.name": "", "metadata.namespace": ""}
	if k.selectable != nil {
		for name := range k.selectable(new(T)) {
			known[name] = ""
		}
	}
	for _, gvk := range gvks {
		err := s.AddFieldLabelConversionFunc(gvk, func(label, value string) (string, string, error) {
			if !known.Has(label) {
				return "", "", fmt.Errorf("%s cannot be selected by %q", k.plural, label)
			}
			return label, value, nil
		})
		if err != nil {
			return fmt.Errorf("register the fields of %s: %w", k.plural, err)
		}
	}
	return nil
}
