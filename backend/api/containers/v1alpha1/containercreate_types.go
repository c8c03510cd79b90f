package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// What is said about a request in its conditions: exactly one of them is true once it is done with.
const (
	ConditionComplete = "Complete"
	ConditionFailed   = "Failed"
)

// ContainerCreate asks for a container. It is carried out once, and is collected a minute after it is done with; the
// container is mirrored as a Container like every other.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ContainerCreate struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is the container that is wanted. It cannot change.
	Spec ContainerCreateSpec `json:"spec"`
	// Status is how far it has come.
	// +optional
	Status ContainerCreateStatus `json:"status,omitempty"`
}

// PullPolicy says when an image is fetched from its registry.
// +enum
type PullPolicy string

// The policies.
const (
	PullMissing PullPolicy = "missing" // if the engine does not have it: the default
	PullAlways  PullPolicy = "always"
	PullNever   PullPolicy = "never"
)

// ContainerCreateSpec is a container that is wanted. What is left out is as the image says.
type ContainerCreateSpec struct {
	// Image is a name with or without a tag, or an ID.
	Image string `json:"image"`
	// Pull says when the image is fetched.
	// +optional
	Pull PullPolicy `json:"pull,omitempty"`
	// Name in the engine; the engine makes one up if it is empty.
	// +optional
	Name string `json:"name,omitempty"`
	// Command replaces the image's entrypoint.
	// +optional
	// +listType=atomic
	Command []string `json:"command,omitempty"`
	// Args replace the image's arguments.
	// +optional
	// +listType=atomic
	Args []string `json:"args,omitempty"`
	// Env is K=V.
	// +optional
	// +listType=atomic
	Env []string `json:"env,omitempty"`
	// WorkingDir is where the process begins.
	// +optional
	WorkingDir string `json:"workingDir,omitempty"`
	// User is user, user:group, or numbers.
	// +optional
	User string `json:"user,omitempty"`
	// Hostname inside.
	// +optional
	Hostname string `json:"hostname,omitempty"`
	// Ports that are published.
	// +optional
	// +listType=atomic
	Ports []PublishedPort `json:"ports,omitempty"`
	// Volumes that are mounted.
	// +optional
	// +listType=atomic
	Volumes []VolumeMount `json:"volumes,omitempty"`
	// Labels on the container: free text.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Network is a network's name, host, none, or container:NAME.
	// +optional
	Network string `json:"network,omitempty"`
	// RestartPolicy is no, always, unless-stopped, on-failure or on-failure:N.
	// +optional
	RestartPolicy string `json:"restartPolicy,omitempty"`
	// AutoRemove has the engine remove it, with its anonymous volumes, once it has stopped.
	// +optional
	AutoRemove bool `json:"autoRemove,omitempty"`
	// TTY gives the process a terminal.
	// +optional
	TTY bool `json:"tty,omitempty"`
	// Stdin keeps its input open.
	// +optional
	Stdin bool `json:"stdin,omitempty"`
	// Start starts it. Otherwise it is only made.
	// +optional
	Start bool `json:"start,omitempty"`
}

// PublishedPort leads from a port of the machine to one of the container.
type PublishedPort struct {
	// ContainerPort inside.
	ContainerPort int32 `json:"containerPort"`
	// Protocol is tcp, udp or sctp; tcp if it is empty.
	// +optional
	Protocol string `json:"protocol,omitempty"`
	// HostIP is the machine's address; all of them if it is empty.
	// +optional
	HostIP string `json:"hostIP,omitempty"`
	// HostPort on the machine; the engine picks a free one for 0.
	// +optional
	HostPort int32 `json:"hostPort,omitempty"`
}

// VolumeMount is a volume, or a folder of the machine, inside a container.
type VolumeMount struct {
	// Source is a volume's name, or an absolute path; an anonymous volume if it is empty.
	// +optional
	Source string `json:"source,omitempty"`
	// Target is the absolute path inside.
	Target string `json:"target"`
	// ReadOnly lets nothing be written.
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
}

// ContainerCreateStatus is how far a request has come.
type ContainerCreateStatus struct {
	// ContainerID is the container's, once there is one. It also stands where the container could not be started.
	// +optional
	ContainerID string `json:"containerID,omitempty"`
	// Progress is what is being done, for people.
	// +optional
	Progress string `json:"progress,omitempty"`
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

// ContainerCreateList is a list of ContainerCreate.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ContainerCreateList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ContainerCreate `json:"items"`
}
