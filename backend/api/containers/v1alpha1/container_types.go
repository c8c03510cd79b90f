package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DesiredState is a wish about a container, carried out once per generation: docker's restart policy and the
// user's shell are other writers, and a level trigger would fight them.
// +enum
type DesiredState string

// The wishes.
const (
	// DesiredUnknown means hands off.
	DesiredUnknown DesiredState = "unknown"
	// DesiredCreated means not running: created, exited and dead all satisfy it.
	DesiredCreated DesiredState = "created"
	// DesiredRunning means running; a paused container is unpaused.
	DesiredRunning DesiredState = "running"
)

// State is what the engine says of a container. A state that Berth does not know becomes "unknown".
// +enum
type State string

// The known states.
const (
	StateUnknown    State = "unknown"
	StateCreated    State = "created"
	StateRunning    State = "running"
	StatePaused     State = "paused"
	StateRestarting State = "restarting"
	StateRemoving   State = "removing"
	StateExited     State = "exited"
	StateDead       State = "dead"
)

// Health is what the container's own check says.
// +enum
type Health string

// The health states; empty where the container has no check.
const (
	HealthNone      Health = ""
	HealthStarting  Health = "starting"
	HealthHealthy   Health = "healthy"
	HealthUnhealthy Health = "unhealthy"
)

// Action is what can be asked of a container once, by AnnotationAction.
// +enum
type Action string

// The actions.
const (
	ActionStart   Action = "start"
	ActionStop    Action = "stop"
	ActionRestart Action = "restart"
	ActionPause   Action = "pause"
	ActionUnpause Action = "unpause"
	ActionKill    Action = "kill"
)

// ActionState says how an action went.
// +enum
type ActionState string

// The states of an action.
const (
	ActionPending   ActionState = "pending"
	ActionSucceeded ActionState = "succeeded"
	ActionFailed    ActionState = "failed"
)

// Container mirrors one container of an engine; its name is the engine's ID.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Container struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +optional
	Spec ContainerSpec `json:"spec,omitempty"`
	// Status is what the engine said.
	// +optional
	Status ContainerStatus `json:"status,omitempty"`
}

// ContainerSpec is what the user wants of a container.
type ContainerSpec struct {
	// State is acted on once per generation.
	// +optional
	State DesiredState `json:"state,omitempty"`
}

// ContainerStatus is what the engine said. The mirror writes all of it but lastAction, observedGeneration and the
// Deleting condition, which are the container reconciler's.
type ContainerStatus struct {
	// ObservedGeneration is the generation whose spec.state was carried out.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// ID in the engine.
	// +optional
	ID string `json:"id,omitempty"`
	// Name in the engine, without the leading slash.
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace in the engine: moby.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Image is the name that the container was made from.
	// +optional
	Image string `json:"image,omitempty"`
	// ImageID is the ID of that image.
	// +optional
	ImageID string `json:"imageID,omitempty"`
	// Path is the program that runs as the first process.
	// +optional
	Path string `json:"path,omitempty"`
	// Args are its arguments.
	// +optional
	// +listType=atomic
	Args []string `json:"args,omitempty"`
	// Ports that the container exposes, sorted by number, then protocol.
	// +optional
	// +listType=map
	// +listMapKey=name
	Ports []Port `json:"ports,omitempty"`
	// Labels on the container in the engine: free text.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// ComposeProject groups containers.
	// +optional
	ComposeProject string `json:"composeProject,omitempty"`
	// ComposeService is the service within the project.
	// +optional
	ComposeService string `json:"composeService,omitempty"`
	// Status is the engine's state.
	// +optional
	Status State `json:"status,omitempty"`
	// Health is what the container's check says; empty without one.
	// +optional
	Health Health `json:"health,omitempty"`
	// ExitCode of the first process when it last ended.
	// +optional
	ExitCode int32 `json:"exitCode,omitempty"`
	// OOMKilled says that the kernel ended it for want of memory.
	// +optional
	OOMKilled bool `json:"oomKilled,omitempty"`
	// Error that the engine keeps, such as of a failed start.
	// +optional
	Error string `json:"error,omitempty"`
	// RestartCount is how often the restart policy has started it again.
	// +optional
	RestartCount int32 `json:"restartCount,omitempty"`
	// RestartPolicy of the container: no, always, on-failure, unless-stopped.
	// +optional
	RestartPolicy string `json:"restartPolicy,omitempty"`
	// Pid of the first process on the engine's machine.
	// +optional
	Pid int64 `json:"pid,omitempty"`
	// Networks it is attached to, sorted by name.
	// +optional
	// +listType=map
	// +listMapKey=name
	Networks []NetworkAttachment `json:"networks,omitempty"`
	// Mounts, sorted by destination.
	// +optional
	// +listType=map
	// +listMapKey=destination
	Mounts []Mount `json:"mounts,omitempty"`
	// CreatedAt by the engine's clock.
	// +optional
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// StartedAt by the engine's clock.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// FinishedAt by the engine's clock.
	// +optional
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
	// Conditions Running, Paused, Restarting, Dead, OOMKilled (the mirror's) and Deleting (the reconciler's).
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// LastAction is the last thing that Berth did to it.
	// +optional
	LastAction *LastAction `json:"lastAction,omitempty"`
}

// Port is one exposed port of a container.
type Port struct {
	// Name is number and protocol, such as 80/tcp.
	Name string `json:"name"`
	// Port inside the container.
	Port int32 `json:"port"`
	// Protocol is tcp, udp or sctp.
	Protocol string `json:"protocol"`
	// Bindings on the engine's machine, sorted.
	// +optional
	// +listType=atomic
	Bindings []PortBinding `json:"bindings,omitempty"`
}

// PortBinding is where a port is published.
type PortBinding struct {
	// HostIP that it listens on.
	// +optional
	HostIP string `json:"hostIP,omitempty"`
	// HostPort that it listens on.
	HostPort int32 `json:"hostPort"`
}

// NetworkAttachment is one network of a container.
type NetworkAttachment struct {
	// Name of the network.
	Name string `json:"name"`
	// NetworkID in the engine.
	// +optional
	NetworkID string `json:"networkID,omitempty"`
	// IPAddress in it.
	// +optional
	IPAddress string `json:"ipAddress,omitempty"`
	// IPv6Address in it.
	// +optional
	IPv6Address string `json:"ipv6Address,omitempty"`
	// MacAddress in it.
	// +optional
	MacAddress string `json:"macAddress,omitempty"`
}

// Mount is one mount of a container.
type Mount struct {
	// Destination inside the container.
	Destination string `json:"destination"`
	// Type is bind, volume, tmpfs, …
	// +optional
	Type string `json:"type,omitempty"`
	// Name of the volume, where it is one.
	// +optional
	Name string `json:"name,omitempty"`
	// Source on the engine's machine.
	// +optional
	Source string `json:"source,omitempty"`
	// ReadOnly says that the container cannot write to it.
	// +optional
	ReadOnly bool `json:"readOnly,omitempty"`
}

// LastAction is the outcome of the last action or wish that Berth carried out on a container.
type LastAction struct {
	// Action that was asked for.
	Action Action `json:"action"`
	// State of it.
	State ActionState `json:"state"`
	// Error in the user's words, where it failed.
	// +optional
	Error string `json:"error,omitempty"`
	// ObservedAt is when Berth took it up.
	ObservedAt metav1.MicroTime `json:"observedAt"`
	// CompletedAt is when it ended.
	// +optional
	CompletedAt *metav1.MicroTime `json:"completedAt,omitempty"`
}

// ContainerList is a list of Container.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type ContainerList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Container `json:"items"`
}
