package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of the mirrored kinds.
const GroupName = "containers.berth.desktop"

// SchemeGroupVersion is the group and version of this package's kinds.
//
//nolint:gochecknoglobals // the generators and client-go look for this name
var SchemeGroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

// AddToScheme registers this package's kinds and their defaults.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(SchemeGroupVersion,
		&Container{}, &ContainerList{},
		&ContainerCreate{}, &ContainerCreateList{},
		&ContainerNamespace{}, &ContainerNamespaceList{},
		&Image{}, &ImageList{},
		&ImagePull{}, &ImagePullList{},
		&ImagePush{}, &ImagePushList{},
		&ImageTag{}, &ImageTagList{},
		&Network{}, &NetworkList{},
		&NetworkCreate{}, &NetworkCreateList{},
		&Volume{}, &VolumeList{},
		&VolumeCreate{}, &VolumeCreateList{},
	)
	metav1.AddToGroupVersion(s, SchemeGroupVersion)
	return RegisterDefaults(s)
}

// Resource qualifies a resource name with this group.
func Resource(name string) schema.GroupResource {
	return schema.GroupResource{Group: GroupName, Resource: name}
}
