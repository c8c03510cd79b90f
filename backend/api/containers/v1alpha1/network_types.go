package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Network mirrors one network of an engine; its name is the engine's ID. Deleting it deletes the network. One that
// the engine itself made (status.builtIn) can't be deleted.
//
// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Network struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Status is what the engine said.
	// +optional
	Status NetworkStatus `json:"status,omitempty"`
}

// NetworkStatus is what the engine said. The mirror writes all of it but the Deleting condition.
type NetworkStatus struct {
	// ID in the engine.
	// +optional
	ID string `json:"id,omitempty"`
	// Name in the engine. Two networks may have the same.
	// +optional
	Name string `json:"name,omitempty"`
	// Namespace in the engine: moby.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// Driver that carries the traffic: bridge, host, null, macvlan, …
	// +optional
	Driver string `json:"driver,omitempty"`
	// Scope is local, global or swarm.
	// +optional
	Scope string `json:"scope,omitempty"`
	// BuiltIn says that the engine itself made it and lets nobody delete it: bridge, host, none.
	// +optional
	BuiltIn bool `json:"builtIn,omitempty"`
	// Internal says that nothing leads out of it.
	// +optional
	Internal bool `json:"internal,omitempty"`
	// Attachable says that containers outside of a swarm's services may join a swarm's network.
	// +optional
	Attachable bool `json:"attachable,omitempty"`
	// Ingress says that it spreads a swarm's published ports.
	// +optional
	Ingress bool `json:"ingress,omitempty"`
	// EnableIPv6 says that its members have IPv6 addresses.
	// +optional
	EnableIPv6 bool `json:"enableIPv6,omitempty"`
	// Labels on the network: free text.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
	// Options for the driver.
	// +optional
	Options map[string]string `json:"options,omitempty"`
	// ComposeProject that made it.
	// +optional
	ComposeProject string `json:"composeProject,omitempty"`
	// CreatedAt by the engine's clock.
	// +optional
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// IPAMDriver gives out its addresses.
	// +optional
	IPAMDriver string `json:"ipamDriver,omitempty"`
	// Subnets that its addresses are from, sorted.
	// +optional
	// +listType=map
	// +listMapKey=subnet
	Subnets []Subnet `json:"subnets,omitempty"`
	// Members are the containers that are connected now, sorted by ID. One that does not run is not connected.
	// +optional
	// +listType=map
	// +listMapKey=id
	Members []NetworkMember `json:"members,omitempty"`
	// Conditions: Deleting (the reconciler's).
	// +optional
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Subnet is one range of a network's addresses.
type Subnet struct {
	// Subnet such as 172.17.0.0/16.
	Subnet string `json:"subnet"`
	// Gateway out of it.
	// +optional
	Gateway string `json:"gateway,omitempty"`
	// IPRange within it that members get their addresses from.
	// +optional
	IPRange string `json:"ipRange,omitempty"`
}

// NetworkMember is one container that is connected to a network.
type NetworkMember struct {
	// ID of the container in the engine.
	ID string `json:"id"`
	// Name of the container in the engine.
	// +optional
	Name string `json:"name,omitempty"`
	// IPv4Address in the network, with the length of its prefix.
	// +optional
	IPv4Address string `json:"ipv4Address,omitempty"`
	// IPv6Address in the network, with the length of its prefix.
	// +optional
	IPv6Address string `json:"ipv6Address,omitempty"`
	// MacAddress in the network.
	// +optional
	MacAddress string `json:"macAddress,omitempty"`
}

// NetworkList is a list of Network.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type NetworkList struct {
	metav1.TypeMeta `json:",inline" tstype:",extends,required"`
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Network `json:"items"`
}
