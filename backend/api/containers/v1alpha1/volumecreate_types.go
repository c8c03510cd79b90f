package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VolumeCreate asks for a volume. It is carried out once, and is collected a minute after it is done with; the volume is
// mirrored as a Volume like every other.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type VolumeCreate struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the volume that is wanted. It cannot change.
	Spec VolumeCreateSpec `json:"spec"`
	// Status is how far it has come.
	// +optional
	Status VolumeCreateStatus `json:"status,omitempty"`
}

// VolumeCreateSpec is a volume that is wanted.
type VolumeCreateSpec struct {
	// Name in the engine; the engine makes one up if it is empty. A volume of that name that is there already is taken as
	// it is, as docker does.
	// +optional
	Name string `json:"name,omitempty"`
	// Driver keeps its data; local if it is empty.
	// +optional
	Driver string `json:"driver,omitempty"`
	// Options are the driver's.
	// +optional
	Options map[string]string `json:"options,omitempty"`
	// Labels on the volume: free text.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
}

// VolumeCreateStatus is how far a request has come.
type VolumeCreateStatus struct {
	// VolumeName is the volume's name in the engine, once it is there.
	// +optional
	VolumeName string `json:"volumeName,omitempty"`
	// Conditions: Complete or Failed, whose message says why.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// VolumeCreateList is a list of VolumeCreate.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type VolumeCreateList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []VolumeCreate `json:"items"`
}
