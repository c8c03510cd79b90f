package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ContainerNamespace mirrors a namespace of the engine; Docker has one, moby. It carries no finalizer, so that a
// user's delete returns at once; the mirror puts it back.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ContainerNamespace struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Status is what the engine said.
	// +optional
	Status ContainerNamespaceStatus `json:"status,omitempty"`
}

// ContainerNamespaceStatus is what the engine said.
type ContainerNamespaceStatus struct {
	// Name in the engine.
	// +optional
	Name string `json:"name,omitempty"`
}

// ContainerNamespaceList is a list of ContainerNamespace.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ContainerNamespaceList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ContainerNamespace `json:"items"`
}
