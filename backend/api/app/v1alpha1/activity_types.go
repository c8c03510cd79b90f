package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ActivityLimit is how many activities are remembered.
const ActivityLimit = 1000

// Severity says whether an activity needs somebody.
type Severity string

// The severities.
const (
	SeverityNormal  Severity = "Normal"
	SeverityWarning Severity = "Warning"
)

// Activity is one thing that happened: to a container, an image, a volume, a network, or to the engine. Names sort by
// time. The newest ActivityLimit are remembered, also across restarts of the daemon. The daemon alone writes them.
//
// +genclient
// +genclient:nonNamespaced
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Activity struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Status is what happened.
	// +optional
	Status ActivityStatus `json:"status,omitempty"`
}

// ActivityStatus is what happened.
type ActivityStatus struct {
	// At is when it was observed, by the daemon's clock.
	// +optional
	At metav1.MicroTime `json:"at,omitempty"`
	// Kind of what it happened to: App, Container, Image, Volume, Network.
	// +optional
	Kind string `json:"kind,omitempty"`
	// Object is the name of what it happened to in the API. It may be gone.
	// +optional
	Object string `json:"object,omitempty"`
	// Title is what people call it: free text.
	// +optional
	Title string `json:"title,omitempty"`
	// Reason is a CamelCase word for what happened, such as Started, Exited, Removed.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Message says more: free text.
	// +optional
	Message string `json:"message,omitempty"`
	// By is the face that asked for it, as it calls itself to the API; empty if none did, as for docker's own command.
	// +optional
	By string `json:"by,omitempty"`
	// Severity says whether it needs somebody.
	// +optional
	Severity Severity `json:"severity,omitempty"`
}

// ActivityList is a list of Activity.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ActivityList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Activity `json:"items"`
}
