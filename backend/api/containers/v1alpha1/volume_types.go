package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Volume mirrors one volume of an engine; see VolumeName. Deleting it deletes the volume and its data.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Volume struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Status is what the engine said.
	// +optional
	Status VolumeStatus `json:"status,omitempty"`
}

// VolumeStatus is what the engine said. The mirror writes all of it but the Deleting condition.
type VolumeStatus struct {
	// Name in the engine.
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace in the engine: moby.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Driver that keeps the data.
	// +optional
	Driver string `json:"driver,omitempty"`
	// Scope is local or global.
	// +optional
	Scope string `json:"scope,omitempty"`
	// Mountpoint on the engine's machine.
	// +optional
	Mountpoint string `json:"mountpoint,omitempty"`
	// Labels on the volume: free text.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Options for the driver.
	// +optional
	Options map[string]string `json:"options,omitempty"`
	// ComposeProject that made it.
	// +optional
	ComposeProject string `json:"composeProject,omitempty"`
	// InUseBy names the containers that mount it, running or not, sorted.
	// +optional
	// +listType=set
	InUseBy []string `json:"inUseBy,omitempty"`
	// CreatedAt by the engine's clock.
	// +optional
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// Conditions: Deleting (the reconciler's).
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// VolumeList is a list of Volume.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type VolumeList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Volume `json:"items"`
}
