package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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
	// MustExist has it be an error that a folder of the machine is not there. Otherwise it is made.
	// +optional
	MustExist bool `json:"mustExist,omitempty"`
}

// TmpfsMount is a folder in memory.
type TmpfsMount struct {
	// Target is the absolute path inside.
	Target string `json:"target"`
	// Options are the kernel's, with commas between: size=64m,mode=1777.
	// +optional
	Options string `json:"options,omitempty"`
}

// ContainerResources are bounds of what a container may use.
type ContainerResources struct {
	// CPUs is how much of the processors: 1500m is one and a half.
	// +optional
	CPUs *resource.Quantity `json:"cpus,omitempty"`
	// Memory in bytes; the engine refuses less than 6 MiB.
	// +optional
	Memory *resource.Quantity `json:"memory,omitempty"`
	// MemorySwap is memory and swap together, in bytes; -1 does not bound swap. The engine's own is twice the memory.
	// +optional
	MemorySwap *resource.Quantity `json:"memorySwap,omitempty"`
	// MemoryReservation in bytes is what it is brought down to while the machine is short of memory.
	// +optional
	MemoryReservation *resource.Quantity `json:"memoryReservation,omitempty"`
	// SharedMemory is the size of /dev/shm in bytes; the engine's own is 64 MiB.
	// +optional
	SharedMemory *resource.Quantity `json:"sharedMemory,omitempty"`
	// CPUShares weigh it against other containers while processors are short; the engine's own is 1024.
	// +optional
	CPUShares int64 `json:"cpuShares,omitempty"`
	// CPUSet are the processors that it may run on, such as 0-2 or 0,3.
	// +optional
	CPUSet string `json:"cpuSet,omitempty"`
	// MemoryNodes are the memory nodes that it may use, such as 0-1.
	// +optional
	MemoryNodes string `json:"memoryNodes,omitempty"`
	// PidsLimit is how many processes and threads it may have; -1 does not bound them.
	// +optional
	PidsLimit int64 `json:"pidsLimit,omitempty"`
	// OOMScoreAdjust says how gladly the kernel ends it when memory is short: -1000, never, to 1000.
	// +optional
	OOMScoreAdjust int32 `json:"oomScoreAdjust,omitempty"`
	// Ulimits bound each of its processes.
	// +optional
	// +listType=map
	// +listMapKey=name
	Ulimits []Ulimit `json:"ulimits,omitempty"`
}

// Ulimit bounds one thing that a process may use.
type Ulimit struct {
	// Name is the kernel's, in small letters: nofile, nproc, core…
	Name string `json:"name"`
	// Soft is what holds; -1 is no limit.
	Soft int64 `json:"soft"`
	// Hard is what a process may raise it to; -1 is no limit.
	Hard int64 `json:"hard"`
}

// HealthCheck tells whether a container is healthy. What is left out is as the image says, else as the engine does.
type HealthCheck struct {
	// Disabled has none be done, whatever the image says. Nothing else may be set then.
	// +optional
	Disabled bool `json:"disabled,omitempty"`
	// Command is run by the container's shell; it is healthy if that ends with 0.
	// +optional
	Command string `json:"command,omitempty"`
	// Interval is the time between two checks, such as 30s; at least 1ms, as the others.
	// +optional
	Interval *metav1.Duration `json:"interval,omitempty"`
	// Timeout is how long one may take.
	// +optional
	Timeout *metav1.Duration `json:"timeout,omitempty"`
	// StartPeriod is how long failures are not counted after the start.
	// +optional
	StartPeriod *metav1.Duration `json:"startPeriod,omitempty"`
	// StartInterval is the time between two checks in the start period.
	// +optional
	StartInterval *metav1.Duration `json:"startInterval,omitempty"`
	// Retries is how many failures in a row make it unhealthy.
	// +optional
	Retries int32 `json:"retries,omitempty"`
}

// Logging says where a container's output goes.
type Logging struct {
	// Driver is one of the engine's: local, json-file, journald, none…; the engine's own setting if it is empty.
	// +optional
	Driver string `json:"driver,omitempty"`
	// Options are the driver's, such as max-size.
	// +optional
	Options map[string]string `json:"options,omitempty"`
}

// Namespaces say what a container shares. What is left out is as the engine does it.
type Namespaces struct {
	// PID is host or container:NAME: whose processes it sees.
	// +optional
	PID string `json:"pid,omitempty"`
	// IPC is none, private, shareable, host or container:NAME: with whom it shares memory.
	// +optional
	IPC string `json:"ipc,omitempty"`
	// UTS is host: it has the machine's hostname.
	// +optional
	UTS string `json:"uts,omitempty"`
	// User is host: its users are the machine's, where the engine maps them otherwise.
	// +optional
	User string `json:"user,omitempty"`
	// Cgroup is host or private: whose control groups it sees.
	// +optional
	Cgroup string `json:"cgroup,omitempty"`
}

// Addresses are a container's in its network.
type Addresses struct {
	// IPv4 is one of the network's subnet.
	// +optional
	IPv4 string `json:"ipv4,omitempty"`
	// IPv6 is one of the network's subnet.
	// +optional
	IPv6 string `json:"ipv6,omitempty"`
	// LinkLocal are further ones that hold on its link alone.
	// +optional
	// +listType=atomic
	LinkLocal []string `json:"linkLocal,omitempty"`
	// MAC is the hardware's, such as 02:42:ac:11:00:02.
	// +optional
	MAC string `json:"mac,omitempty"`
}
