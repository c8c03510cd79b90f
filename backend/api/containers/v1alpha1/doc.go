// Package v1alpha1 holds the kinds that mirror an engine: Container, Image, Volume, Network and
// ContainerNamespace.
//
// +k8s:deepcopy-gen=package
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=desktop.berth.containers.v1alpha1
// +groupName=containers.berth.desktop
package v1alpha1
