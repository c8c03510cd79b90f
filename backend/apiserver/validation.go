package apiserver

import (
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func validateApp(a, old *app.App, h Host) field.ErrorList {
	var errs field.ErrorList
	if a.Name != app.AppName {
		errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), a.Name, "there is one App, and its name is "+app.AppName))
	}
	spec := field.NewPath("spec")
	for _, problem := range validation.IsDNS1123Label(a.Spec.Namespace) {
		errs = append(errs, field.Invalid(spec.Child("namespace"), a.Spec.Namespace, problem))
	}
	if old != nil && old.Spec.Namespace != a.Spec.Namespace {
		errs = append(errs, field.Forbidden(spec.Child("namespace"), "it cannot change once set"))
	}
	engine := spec.Child("containerEngine")
	errs = append(errs, oneOf(engine.Child("provider"), a.Spec.ContainerEngine.Provider, app.ProviderNative, app.ProviderHost, app.ProviderLima)...)
	errs = append(errs, validateVM(spec.Child("vm"), &a.Spec.VM, h)...)
	if old != nil {
		errs = append(errs, keepDisk(spec.Child("vm", "disk"), &a.Spec.VM, &old.Spec)...)
	}
	return append(errs, oneOf(engine.Child("name"), a.Spec.ContainerEngine.Name, app.EngineMoby, app.EngineContainerd)...)
}

func validateContainer(c, old *containers.Container) field.ErrorList {
	errs := oneOf(field.NewPath("spec", "state"), c.Spec.State, containers.DesiredUnknown, containers.DesiredCreated, containers.DesiredRunning)
	action, asked := c.Annotations[containers.AnnotationAction]
	if !asked {
		return errs
	}
	path := field.NewPath("metadata", "annotations").Key(containers.AnnotationAction)
	if old == nil {
		return append(errs, field.Forbidden(path, "an action is asked of a container that is there"))
	}
	return append(errs, oneOf(path, containers.Action(action), containers.ActionStart, containers.ActionStop, containers.ActionRestart,
		containers.ActionPause, containers.ActionUnpause, containers.ActionKill)...)
}
