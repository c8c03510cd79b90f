package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Image mirrors one tag of an image, or an image without tags; see ImageName.
// Deleting it removes the tag, and the image with its last one.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Image struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Status is what the engine said.
	// +optional
	Status ImageStatus `json:"status,omitempty"`
}

// ImageStatus is what the engine said. The mirror writes all of it but the Deleting condition.
type ImageStatus struct {
	// ID in the engine, such as sha256:….
	// +optional
	ID string `json:"id,omitempty"`
	// Namespace in the engine: moby.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// RepoTag is the one tag that this object stands for; empty for an image without tags.
	// +optional
	RepoTag string `json:"repoTag,omitempty"`
	// RepoTags are all tags of the image, sorted.
	// +optional
	// +listType=set
	RepoTags []string `json:"repoTags,omitempty"`
	// RepoDigests of the image, sorted.
	// +optional
	// +listType=set
	RepoDigests []string `json:"repoDigests,omitempty"`
	// Dangling says that the image has no tag.
	// +optional
	Dangling bool `json:"dangling,omitempty"`
	// Size in bytes.
	// +optional
	Size int64 `json:"size,omitempty"`
	// Labels on the image: free text.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// InUseBy names the containers that were made from the image, running or not, sorted.
	// +optional
	// +listType=set
	InUseBy []string `json:"inUseBy,omitempty"`
	// CreatedAt is when the image was built.
	// +optional
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// Conditions: Deleting (the reconciler's).
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ImageList is a list of Image.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ImageList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Image `json:"items"`
}
