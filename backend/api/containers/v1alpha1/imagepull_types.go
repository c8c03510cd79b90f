package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ImagePull asks for an image of a registry. It is carried out once, and is collected a minute after it is done with; to
// delete it before that is to cancel it. The image is mirrored as an Image like every other.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ImagePull struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the image that is wanted. It cannot change.
	Spec ImagePullSpec `json:"spec"`
	// Status is how far it has come.
	// +optional
	Status ImagePullStatus `json:"status,omitempty"`
}

// ImagePullSpec is an image that is wanted.
type ImagePullSpec struct {
	// Reference is the image's name, with a tag or a digest; the tag is latest if there is neither. Without a registry it
	// is Docker Hub's.
	Reference string `json:"reference"`
	// Platform is os/architecture or os/architecture/variant; the engine's own if it is empty.
	// +optional
	Platform string `json:"platform,omitempty"`
}

// The reasons of a Failed ImagePull or ImagePush. Its message says what can be done.
const (
	ReasonNoSuchImage         = "NoSuchImage"         // there is no such image where it is to come from, or not for that platform
	ReasonNoSuchRepository    = "NoSuchRepository"    // the registry has no place of that name
	ReasonAccessDenied        = "AccessDenied"        // the registry wants a login, or another one
	ReasonRegistryUnreachable = "RegistryUnreachable" // it cannot be found, or does not answer
	ReasonRateLimited         = "RateLimited"         // it lets no more be pulled or pushed for now
	ReasonNoSpace             = "NoSpace"             // a disk is full
	ReasonInterrupted         = "Interrupted"         // Berth or the engine ended meanwhile
	ReasonEngineRefused       = "EngineRefused"       // the message is the engine's answer
)

// ImagePullStatus is how far a request has come.
type ImagePullStatus struct {
	TransferProgress `json:",inline" tstype:",extends,required"`
	// ImageID is the image's ID in the engine, once it is there.
	// +optional
	ImageID string `json:"imageID,omitempty"`
	// ImageName is the name of its Image object, which may take a moment to appear. It is empty if it was pulled by digest and has tags.
	// +optional
	ImageName string `json:"imageName,omitempty"`
	// Conditions: Complete or Failed, whose message says why.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// TransferProgress is how far the layers of an image have come.
type TransferProgress struct {
	// Progress is what is being done, for people.
	// +optional
	Progress string `json:"progress,omitempty"`
	// LayersDone are those that have arrived, of LayersTotal that are known so far.
	// +optional
	LayersDone int32 `json:"layersDone,omitempty"`
	// LayersTotal are those that are known so far.
	// +optional
	LayersTotal int32 `json:"layersTotal,omitempty"`
	// BytesCurrent is what was sent, of BytesTotal of the layers whose size is known so far.
	// +optional
	BytesCurrent int64 `json:"bytesCurrent,omitempty"`
	// BytesTotal grows with each layer that begins.
	// +optional
	BytesTotal int64 `json:"bytesTotal,omitempty"`
}

// ImagePullList is a list of ImagePull.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ImagePullList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ImagePull `json:"items"`
}
