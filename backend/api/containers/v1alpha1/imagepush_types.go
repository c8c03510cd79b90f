package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ImagePush asks that an image of the engine be sent to its registry. It is carried out once, and is collected a minute
// after it is done with; to delete it before that is to cancel it.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ImagePush struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the image that is to be sent. It cannot change.
	Spec ImagePushSpec `json:"spec"`
	// Status is how far it has come.
	// +optional
	Status ImagePushStatus `json:"status,omitempty"`
}

// ImagePushSpec is an image that is to be sent.
type ImagePushSpec struct {
	// Reference is the image's name, which says to which registry it goes; the tag is latest if there is none. Without a
	// registry it is Docker Hub's.
	Reference string `json:"reference"`
	// Platform is os/architecture or os/architecture/variant, to send the image for that one alone; all that the engine
	// has if it is empty. Engines before Docker 27 do not know it.
	// +optional
	Platform string `json:"platform,omitempty"`
}

// ImagePushStatus is how far a request has come.
type ImagePushStatus struct {
	TransferProgress `json:",inline" tstype:",extends,required"`
	// Digest is what the registry calls the image, once it has it: NAME@DIGEST names it wherever the tag goes.
	// +optional
	Digest string `json:"digest,omitempty"`
	// Conditions: Complete or Failed, whose message says why.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ImagePushList is a list of ImagePush.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ImagePushList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ImagePush `json:"items"`
}
