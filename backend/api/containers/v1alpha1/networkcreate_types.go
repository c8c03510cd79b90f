package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// NetworkCreate asks for a network. It is carried out once, and is collected a minute after it is done with; the network
// is mirrored as a Network like every other.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type NetworkCreate struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the network that is wanted. It cannot change.
	Spec NetworkCreateSpec `json:"spec"`
	// Status is how far it has come.
	// +optional
	Status NetworkCreateStatus `json:"status,omitempty"`
}

// NetworkCreateSpec is a network that is wanted.
type NetworkCreateSpec struct {
	// Name in the engine. One that is there already is refused.
	Name string `json:"name"`
	// Driver of the network; bridge if it is empty.
	// +optional
	Driver string `json:"driver,omitempty"`
	// Subnets that its addresses are from; the engine chooses one if there are none.
	// +optional
	// +listType=map
	// +listMapKey=subnet
	Subnets []Subnet `json:"subnets,omitempty"`
	// Internal lets nothing in or out.
	// +optional
	Internal bool `json:"internal,omitempty"`
	// EnableIPv6 gives members IPv6 addresses as well.
	// +optional
	EnableIPv6 bool `json:"enableIPv6,omitempty"`
	// Options are the driver's.
	// +optional
	Options map[string]string `json:"options,omitempty"`
	// Labels on the network: free text.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
}

// NetworkCreateStatus is how far a request has come.
type NetworkCreateStatus struct {
	// NetworkID is the network's ID in the engine, once it is there.
	// +optional
	NetworkID string `json:"networkID,omitempty"`
	// Warnings of the engine.
	// +optional
	// +listType=atomic
	Warnings []string `json:"warnings,omitempty"`
	// Conditions: Complete or Failed, whose message says why.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// NetworkCreateList is a list of NetworkCreate.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type NetworkCreateList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []NetworkCreate `json:"items"`
}
