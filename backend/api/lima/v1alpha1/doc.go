// Package v1alpha1 holds the LimaVM kind: a virtual machine that Lima runs, as it is wanted and as it is.
//
// +k8s:deepcopy-gen=package
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=desktop.berth.lima.v1alpha1
// +groupName=lima.berth.desktop
package v1alpha1
