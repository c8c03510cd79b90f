package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// AppName is the name of the one App.
	AppName = "app"
	// DefaultNamespace is where the mirrors live unless the user chose otherwise before the first start.
	DefaultNamespace = "berth"
	// AnnotationAskedBy names the program whose request last changed what is wanted of an object of any kind. The API
	// writes it.
	AnnotationAskedBy = GroupName + "/asked-by"
)

// Provider says who houses the engine.
// +enum
type Provider string

// The providers.
const (
	// ProviderNative is a Docker daemon that Berth runs and supervises itself (Linux).
	ProviderNative Provider = "native"
	// ProviderHost is an engine that is already there; Berth attaches to it and never stops it.
	ProviderHost Provider = "host"
	// ProviderLima is a Lima virtual machine that Berth owns.
	ProviderLima Provider = "lima"
)

// EngineName says which container engine runs in the house.
// +enum
type EngineName string

// The engines.
const (
	EngineMoby EngineName = "moby"
	// EngineContainerd runs without Docker; nothing is mirrored.
	EngineContainerd EngineName = "containerd"
)

// The condition types of App. Each has one writer: the mirror writes ContainerEngineReady, the App reconciler the others.
const (
	// ConditionCreated: the machine exists.
	ConditionCreated = "Created"
	// ConditionRunning: the machine is up.
	ConditionRunning = "Running"
	// ConditionContainerEngineReady: connected, and the first full sync is done.
	ConditionContainerEngineReady = "ContainerEngineReady"
	// ConditionSettled: all of the above agree with this generation of the spec. The one thing to wait on.
	ConditionSettled = "Settled"
	// ConditionDegraded: the machine is up, and something works less well than it should. The message has a line each. It is
	// there only while it is true.
	ConditionDegraded = "Degraded"
)

// The reasons of App's conditions.
const (
	ReasonPending      = "Pending"
	ReasonCreated      = "Created"
	ReasonCreateFailed = "CreateFailed"

	ReasonStarting    = "Starting"
	ReasonStarted     = "Started"
	ReasonStopping    = "Stopping"
	ReasonStopped     = "Stopped"
	ReasonStartFailed = "StartFailed"
	ReasonStopFailed  = "StopFailed"
	ReasonCrashed     = "Crashed"

	ReasonConnected     = "Connected"
	ReasonConnecting    = "Connecting"
	ReasonReconnecting  = "Reconnecting"
	ReasonConnectFailed = "ConnectFailed"
	ReasonNotApplicable = "NotApplicable"

	ReasonWarning = "Warning"

	ReasonSettled  = "Settled"
	ReasonSettling = "Settling"
	// ReasonFailed marks a Settled=False that nobody should wait for: what can be done without the user has been tried,
	// and the message says what to do.
	ReasonFailed = "Failed"
)

// App is what the user wants of Berth as a whole and what is so. There is one, named "app".
//
// +genclient
// +genclient:nonNamespaced
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type App struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what the user wants.
	// +optional
	Spec AppSpec `json:"spec,omitempty"`
	// Status is what was observed.
	// +optional
	Status AppStatus `json:"status,omitempty"`
}

// AppSpec is what the user wants.
type AppSpec struct {
	// Running says whether the engine should be up.
	// +optional
	Running bool `json:"running,omitempty"`
	// Namespace is where the mirrors live. It cannot change once set.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// ContainerEngine says which engine, and who houses it.
	// +optional
	ContainerEngine ContainerEngine `json:"containerEngine,omitempty"`
	// VM is what the machine of provider lima is like. A change restarts it.
	// +optional
	VM VM `json:"vm,omitempty"`
	// RetriedAt asks for one more attempt: set to now, it has a start, a stop or a connection that was given up tried
	// again. What is as it should be is left alone.
	// +optional
	RetriedAt *metav1.MicroTime `json:"retriedAt,omitempty"`
}

// ContainerEngine says which engine runs, and who houses it.
type ContainerEngine struct {
	// Provider houses the engine.
	// +optional
	Provider Provider `json:"provider,omitempty"`
	// Name of the engine.
	// +optional
	Name EngineName `json:"name,omitempty"`
	// Host is a docker context's name or an endpoint (unix://…, tcp://…, ssh://…), for provider host; empty means the
	// user's current one.
	// +optional
	Host string `json:"host,omitempty"`
}

// VM is what the machine of provider lima is like. What is left open is chosen by what this computer has.
type VM struct {
	// CPUs that the machine may use; 0 means half of this computer's, at most 4.
	// +optional
	CPUs int32 `json:"cpus,omitempty"`
	// Memory of the machine, such as 4Gi; empty means a quarter of this computer's, but 2Gi to 8Gi.
	// +optional
	Memory *resource.Quantity `json:"memory,omitempty"`
	// Disk for images, containers and volumes, such as 64Gi, which is the default. It takes space as it fills, and can
	// only grow.
	// +optional
	Disk *resource.Quantity `json:"disk,omitempty"`
	// Mounts are the folders of this computer that containers can use, under the same path.
	// +optional
	// +listType=map
	// +listMapKey=path
	Mounts []VMMount `json:"mounts,omitempty"`
}

// VMMount is a folder of this computer that containers can use.
type VMMount struct {
	// Path of the folder: absolute.
	Path string `json:"path"`
	// Writable says whether containers may change what is in it.
	// +optional
	Writable bool `json:"writable,omitempty"`
}

// AppStatus is what was observed.
type AppStatus struct {
	// Conditions are Created, Running, ContainerEngineReady and Settled.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Engine is the engine that Berth is connected to. Its endpoint is there once the machine runs, the rest once
	// the mirror has spoken to it.
	// +optional
	Engine *EngineStatus `json:"engine,omitempty"`
	// Startup is the last start: its steps in order.
	// +optional
	Startup *StartupStatus `json:"startup,omitempty"`
	// Failure explains the last start that failed or engine that died, until the next start.
	// +optional
	Failure *FailureStatus `json:"failure,omitempty"`
}

// EngineStatus describes the connected engine.
type EngineStatus struct {
	// Endpoint is the address that docker clients use, such as unix:///…/docker.sock.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
	// Version of the engine, such as 20.10.24.
	// +optional
	Version string `json:"version,omitempty"`
	// APIVersion that was negotiated, such as 1.41.
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`
	// OS and architecture of the engine, such as linux/amd64.
	// +optional
	Platform string `json:"platform,omitempty"`
	// StorageDriver of the engine, such as overlay2.
	// +optional
	StorageDriver string `json:"storageDriver,omitempty"`
	// SyncedAt is when the mirror last agreed with everything that the engine listed.
	// +optional
	SyncedAt *metav1.Time `json:"syncedAt,omitempty"`
}

// StartupStatus is one start.
type StartupStatus struct {
	// StartedAt is when the user's wish was taken up.
	StartedAt metav1.MicroTime `json:"startedAt"`
	// MedianMillis is how long it usually takes on this machine until the engine is ready, in milliseconds: the median
	// of past starts. It is not there before the first.
	// +optional
	MedianMillis int64 `json:"medianMillis,omitempty"`
	// Steps in order. Each has one writer: the mirror writes ReadingContainers, the App reconciler the others. The
	// medians of all are the App reconciler's.
	// +optional
	// +listType=map
	// +listMapKey=name
	Steps []StartupStep `json:"steps,omitempty"`
}

// StepState says where a step is.
// +enum
type StepState string

// The states of a step.
const (
	StepActive StepState = "active"
	StepDone   StepState = "done"
	StepFailed StepState = "failed"
)

// StepReadingContainers is the step that the mirror writes: the first full sync.
const StepReadingContainers = "Reading containers"

// StartupStep is one step of a start, named for people.
type StartupStep struct {
	// Name for people, such as "Starting Docker".
	Name string `json:"name"`
	// State of the step.
	State StepState `json:"state"`
	// StartedAt is when it began.
	StartedAt metav1.MicroTime `json:"startedAt"`
	// FinishedAt is when it ended.
	// +optional
	FinishedAt *metav1.MicroTime `json:"finishedAt,omitempty"`
	// Message says more, such as "120/1000".
	// +optional
	Message string `json:"message,omitempty"`
	// MedianMillis is how long this step usually takes on this machine, in milliseconds: the median of past starts. It
	// is not there before the first.
	// +optional
	MedianMillis int64 `json:"medianMillis,omitempty"`
}

// What can be wrong that calls for something else than one more attempt.
const (
	// FailurePermissionDenied: this user may not speak to the engine.
	FailurePermissionDenied = "PermissionDenied"
	// FailureVersionMismatch: the engine is too old for Berth.
	FailureVersionMismatch = "VersionMismatch"
)

// FailureStatus explains a failure to the person who has to act on it.
type FailureStatus struct {
	// Reason is one word for what is wrong, where that calls for something else than one more attempt.
	// +optional
	Reason string `json:"reason,omitempty"`
	// Message is what happened.
	Message string `json:"message"`
	// Hint is the next thing to do.
	// +optional
	Hint string `json:"hint,omitempty"`
	// LogTail is the last lines of the log that explains it, at most 20.
	// +optional
	// +listType=atomic
	LogTail []string `json:"logTail,omitempty"`
	// At is when it happened.
	At metav1.Time `json:"at"`
}

// AppList is a list of App.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type AppList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []App `json:"items"`
}
