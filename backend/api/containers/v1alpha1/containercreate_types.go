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
	// Platform is os/architecture[/variant], such as linux/amd64; the engine's own if it is empty.
	// +optional
	Platform string `json:"platform,omitempty"`
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
	// Domainname inside, beside the hostname.
	// +optional
	Domainname string `json:"domainname,omitempty"`
	// Groups are further groups of the process, by name or number.
	// +optional
	// +listType=atomic
	Groups []string `json:"groups,omitempty"`
	// HealthCheck tells whether it is healthy; without it the image says how, if it does.
	// +optional
	HealthCheck *HealthCheck `json:"healthCheck,omitempty"`
	// Logging says where its output goes; without it the engine's own settings hold.
	// +optional
	Logging Logging `json:"logging,omitzero"`
	// Ports that are published.
	// +optional
	// +listType=atomic
	Ports []PublishedPort `json:"ports,omitempty"`
	// PublishAll publishes the ports that the image names, each on a free one.
	// +optional
	PublishAll bool `json:"publishAll,omitempty"`
	// Expose are ports that it has besides those of the image and the published ones: PORT, FROM-TO, with /udp or /sctp
	// behind. Nothing leads to them from the machine, unless publishAll is set.
	// +optional
	// +listType=atomic
	Expose []string `json:"expose,omitempty"`
	// Volumes that are mounted.
	// +optional
	// +listType=atomic
	Volumes []VolumeMount `json:"volumes,omitempty"`
	// Tmpfs are folders that are kept in memory, and gone with the container's process.
	// +optional
	// +listType=map
	// +listMapKey=target
	Tmpfs []TmpfsMount `json:"tmpfs,omitempty"`
	// VolumesFrom are containers, by name or ID, whose volumes are mounted as well; :ro behind lets nothing be written.
	// +optional
	// +listType=atomic
	VolumesFrom []string `json:"volumesFrom,omitempty"`
	// Devices of the machine: PATH, PATH:INSIDE or PATH:INSIDE:RIGHTS, with r, w and m as rights.
	// +optional
	// +listType=atomic
	Devices []string `json:"devices,omitempty"`
	// Labels on the container: free text.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Network is a network's name, host, none, or container:NAME.
	// +optional
	Network string `json:"network,omitempty"`
	// NetworkAliases are further names of the container in its network.
	// +optional
	// +listType=atomic
	NetworkAliases []string `json:"networkAliases,omitempty"`
	// Addresses are those that it has in its network; the engine gives it some where none are said.
	// +optional
	Addresses Addresses `json:"addresses,omitzero"`
	// ExtraHosts are NAME:ADDRESS, for the container to know; host-gateway is the machine's own address.
	// +optional
	// +listType=atomic
	ExtraHosts []string `json:"extraHosts,omitempty"`
	// DNS are the addresses of the servers that the container asks for names.
	// +optional
	// +listType=atomic
	DNS []string `json:"dns,omitempty"`
	// DNSSearch are the domains in which a name is looked for that has no dot.
	// +optional
	// +listType=atomic
	DNSSearch []string `json:"dnsSearch,omitempty"`
	// DNSOptions are those of resolv.conf, such as ndots:2.
	// +optional
	// +listType=atomic
	DNSOptions []string `json:"dnsOptions,omitempty"`
	// Namespaces say what it shares with the machine or with another container.
	// +optional
	Namespaces Namespaces `json:"namespaces,omitzero"`
	// Sysctls are settings of the kernel inside, such as net.ipv4.ip_forward.
	// +optional
	Sysctls map[string]string `json:"sysctls,omitempty"`
	// Resources bound what it may use; without them it may use all that the machine has.
	// +optional
	Resources ContainerResources `json:"resources,omitzero"`
	// Privileged gives it all rights over the machine.
	// +optional
	Privileged bool `json:"privileged,omitempty"`
	// CapAdd are capabilities of the kernel that it gets besides the engine's usual ones: NET_ADMIN, ALL.
	// +optional
	// +listType=atomic
	CapAdd []string `json:"capAdd,omitempty"`
	// CapDrop are capabilities that it loses.
	// +optional
	// +listType=atomic
	CapDrop []string `json:"capDrop,omitempty"`
	// SecurityOptions are no-new-privileges, or NAME=VALUE: apparmor, label, seccomp with default, unconfined or a profile's
	// JSON, systempaths=unconfined.
	// +optional
	// +listType=atomic
	SecurityOptions []string `json:"securityOptions,omitempty"`
	// ReadOnlyRoot lets nothing be written but in its mounts.
	// +optional
	ReadOnlyRoot bool `json:"readOnlyRoot,omitempty"`
	// Init puts a process before its own that ends zombies and passes signals on.
	// +optional
	Init bool `json:"init,omitempty"`
	// StopSignal ends it in order, such as SIGINT; what the image says, else SIGTERM, if it is empty.
	// +optional
	StopSignal string `json:"stopSignal,omitempty"`
	// StopTimeoutSeconds is how long it may take to end in order before it is killed; -1 waits for ever. The engine's own
	// is 10.
	// +optional
	StopTimeoutSeconds *int32 `json:"stopTimeoutSeconds,omitempty"`
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
