package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ImageTag asks that an image of the engine get a further name. It is carried out once, and is collected a minute after it
// is done with. The name is mirrored as an Image of its own, like every other.
//
// It is a request, and neither an Image that somebody makes nor an action on one: an Image is what the engine has, a name
// moves from one image to another by being given again, and the source may be an ID that has no name yet.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ImageTag struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the name that is wanted. It cannot change.
	Spec ImageTagSpec `json:"spec"`
	// Status is what has become of it.
	// +optional
	Status ImageTagStatus `json:"status,omitempty"`
}

// ImageTagSpec is a further name of an image.
type ImageTagSpec struct {
	// Source is the image: a name with or without a tag, NAME@DIGEST, or an ID.
	Source string `json:"source"`
	// Target is the further name; the tag is latest if there is none. Another image that has it loses it.
	Target string `json:"target"`
}

// ImageTagStatus is what has become of a request.
type ImageTagStatus struct {
	// ImageID is the image's ID in the engine, once it has the name.
	// +optional
	ImageID string `json:"imageID,omitempty"`
	// ImageName is the name of its Image object, which may take a moment to appear.
	// +optional
	ImageName string `json:"imageName,omitempty"`
	// Conditions: Complete or Failed, whose message says why.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ImageTagList is a list of ImageTag.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ImageTagList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ImageTag `json:"items"`
}
