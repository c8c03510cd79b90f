package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

const (
	// AppMachine is the name of the LimaVM that App owns, in App's namespace.
	AppMachine = "engine"
	// Finalizer keeps a LimaVM until its machine and all of its disks are gone.
	Finalizer = GroupName + "/machine"
	// AnnotationShape remembers of a machine that App owns what its template was made from.
	AnnotationShape = GroupName + "/shape"
)

// The condition types of LimaVM. Its reconciler writes all of them.
const (
	// ConditionCreated: the machine's folder and its engine's disk exist.
	ConditionCreated = "Created"
	// ConditionRunning: the machine is up, and the engine in it answers.
	ConditionRunning = "Running"
	// ConditionDegraded: the machine is up, and something works less well than it should. The message has a line each.
	ConditionDegraded = "Degraded"
)

// The reasons of LimaVM's conditions.
const (
	ReasonPending      = "Pending"
	ReasonCreated      = "Created"
	ReasonCreateFailed = "CreateFailed"
	ReasonDeleteFailed = "DeleteFailed"

	ReasonStarting    = "Starting"
	ReasonStarted     = "Started"
	ReasonStopping    = "Stopping"
	ReasonStopped     = "Stopped"
	ReasonStartFailed = "StartFailed"
	ReasonStopFailed  = "StopFailed"
	ReasonCrashed     = "Crashed"
	// ReasonGivenUp: it crashed, or could not be started, as often as is tried without the user.
	ReasonGivenUp = "GivenUp"

	ReasonWarning = "Warning"
	ReasonHealthy = "Healthy"
)

// RestartPolicy says what becomes of a machine that went down and nobody asked for it.
// +enum
type RestartPolicy string

// The restart policies.
const (
	// RestartOnCrash starts it again, later each time, and gives up after three.
	RestartOnCrash RestartPolicy = "OnCrash"
	// RestartNever leaves that to the owner: App counts crashes itself.
	RestartNever RestartPolicy = "Never"
)

// LimaVM is a virtual machine that Lima runs, with a Docker engine in it.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type LimaVM struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is wanted.
	// +optional
	Spec LimaVMSpec `json:"spec,omitempty"`
	// Status is what was observed.
	// +optional
	Status LimaVMStatus `json:"status,omitempty"`
}

// LimaVMSpec is what is wanted of a machine.
type LimaVMSpec struct {
	// Running says whether the machine should be up.
	// +optional
	Running bool `json:"running,omitempty"`
	// Template is the Lima YAML that the machine is made from. It forwards the guest's Docker socket to
	// {{.Dir}}/docker.sock. A change while the machine is up restarts it, once.
	// +optional
	Template string `json:"template,omitempty"`
	// RestartPolicy says what becomes of a machine that crashed; it is OnCrash unless something else is said.
	// +optional
	RestartPolicy RestartPolicy `json:"restartPolicy,omitempty"`
	// RetriedAt asks for one more attempt: set to now, it has what was given up tried again.
	// +optional
	RetriedAt *metav1.MicroTime `json:"retriedAt,omitempty"`
}

// LimaVMStatus is what was observed of a machine.
type LimaVMStatus struct {
	// Conditions are Created, Running and Degraded.
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
	// Endpoint is the address that docker clients use, while the machine is up.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
	// InstanceDir is the machine's folder on this computer.
	// +optional
	InstanceDir string `json:"instanceDir,omitempty"`
	// SSHLocalPort is the port on this computer's loopback that leads to the guest's SSH, while the machine is up.
	// +optional
	SSHLocalPort int32 `json:"sshLocalPort,omitempty"`
	// Accelerator is what runs the guest's instructions: kvm, vz, wsl2, or tcg, which is slow.
	// +optional
	Accelerator string `json:"accelerator,omitempty"`
	// Template is the digest of the template that the machine was last started with.
	// +optional
	Template string `json:"template,omitempty"`
	// RestartNeeded says that the machine runs with another template than is wanted.
	// +optional
	RestartNeeded bool `json:"restartNeeded,omitempty"`
	// RestartCount is how often the machine was started again for another template or after a crash.
	// +optional
	RestartCount int32 `json:"restartCount,omitempty"`
	// StartedAt is when the last start began.
	// +optional
	StartedAt *metav1.MicroTime `json:"startedAt,omitempty"`
	// Steps are those of the last start, in order.
	// +optional
	// +listType=map
	// +listMapKey=name
	Steps []LimaVMStep `json:"steps,omitempty"`
	// Failure explains the last start that failed or machine that died, until the next start.
	// +optional
	Failure *LimaVMFailure `json:"failure,omitempty"`
}

// LimaVMStep is one step of a start, named for people.
type LimaVMStep struct {
	// Name for people, such as "Booting the machine".
	Name string `json:"name"`
	// StartedAt is when it began.
	StartedAt metav1.MicroTime `json:"startedAt"`
	// FinishedAt is when it ended.
	// +optional
	FinishedAt *metav1.MicroTime `json:"finishedAt,omitempty"`
	// Failed says that the start ended with this step.
	// +optional
	Failed bool `json:"failed,omitempty"`
	// Message says more: the last line of the guest, while it boots.
	// +optional
	Message string `json:"message,omitempty"`
}

// LimaVMFailure explains a failure to the person who has to act on it.
type LimaVMFailure struct {
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

// LimaVMList is a list of LimaVM.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type LimaVMList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []LimaVM `json:"items"`
}
