package v1alpha1

import (
	"crypto/sha256"
	"encoding/hex"
)

const (
	// Finalizer keeps a mirror object until the thing in the engine is gone.
	Finalizer = GroupName + "/mirror"
	// AnnotationAction asks for one action on a container; it is removed once the outcome is in status.lastAction.
	AnnotationAction = GroupName + "/action"
	// MobyNamespace is the engine's own namespace, and the name of its ContainerNamespace object.
	MobyNamespace = "moby"
	// LabelComposeProject is the engine-side label that groups containers by compose project.
	LabelComposeProject = "com.docker.compose.project"
	// LabelComposeService is the engine-side label that names a container's compose service.
	LabelComposeService = "com.docker.compose.service"
)

// The condition types of mirrored kinds.
const (
	ConditionRunning    = "Running"
	ConditionPaused     = "Paused"
	ConditionRestarting = "Restarting"
	ConditionDead       = "Dead"
	ConditionOOMKilled  = "OOMKilled"
	// ConditionDeleting is False while a wanted delete cannot be carried out; its reason says why.
	ConditionDeleting = "Deleting"

	// ReasonInUse: others still need the object; the message names them. The delete is tried again when they go.
	ReasonInUse = "InUse"
	// ReasonEngineAway: the engine cannot be asked now. The delete is tried again when it is back.
	ReasonEngineAway = "EngineAway"
	// ReasonRefused: the engine said no; the message is its answer.
	ReasonRefused = "Refused"
)

// ImageName is the object name of one tag of an image. An image without tags has an empty tag.
func ImageName(id, repoTag string) string {
	if repoTag == "" {
		return "img-" + sum(id)
	}
	return "img-" + sum(id+"\x00"+repoTag)
}

// VolumeName is the object name of a volume: engine names may hold what object names may not.
func VolumeName(name string) string { return "vol-" + sum(name) }

func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}
