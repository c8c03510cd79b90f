// Package v1alpha1 holds the App kind: what the user wants of the engine as a whole, and what is so.
//
// +k8s:deepcopy-gen=package
// +k8s:defaulter-gen=TypeMeta
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=desktop.berth.app.v1alpha1
// +groupName=app.berth.desktop
package v1alpha1
