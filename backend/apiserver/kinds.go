package apiserver

import (
	"fmt"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func appKind() kind[app.App, *app.App] {
	return kind[app.App, *app.App]{
		group: app.SchemeGroupVersion, plural: "apps", singular: "app", kept: true,
		newList: func() runtime.Object { return &app.AppList{} },
		columns: []metav1.TableColumnDefinition{
			column("Wanted", "whether the engine should run"), column("Provider", "who houses the engine"),
			column("Running", "whether the machine is up"), column("Ready", "whether the engine can be used"),
			column("Settled", "whether everything agrees with what is wanted"),
			wideColumn("Reason", "why it is settled, or not"), wideColumn("Endpoint", "where docker clients reach the engine"),
			wideColumn("Version", "the engine's version"),
		},
		cells: func(a *app.App) []any {
			running, _ := conditionStatus(a.Status.Conditions, app.ConditionRunning)
			ready, _ := conditionStatus(a.Status.Conditions, app.ConditionContainerEngineReady)
			settled, reason := conditionStatus(a.Status.Conditions, app.ConditionSettled)
			var endpoint, version string
			if e := a.Status.Engine; e != nil {
				endpoint, version = e.Endpoint, e.Version
			}
			return []any{fmt.Sprint(a.Spec.Running), string(a.Spec.ContainerEngine.Provider), running, ready, settled, reason, endpoint, version}
		},
		validate:  validateApp,
		setStatus: func(to, from *app.App) { to.Status = from.Status },
		setSpec:   func(to, from *app.App) { to.Spec = from.Spec },
		sameSpec:  func(a, b *app.App) bool { return apiequality.Semantic.DeepEqual(a.Spec, b.Spec) },
	}
}

func validateApp(a, old *app.App) field.ErrorList {
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
	if a.Spec.ContainerEngine.Provider == app.ProviderLima {
		errs = append(errs, field.Invalid(engine.Child("provider"), app.ProviderLima, "not available yet in this version: use native or host"))
	} else {
		errs = append(errs, oneOf(engine.Child("provider"), a.Spec.ContainerEngine.Provider, app.ProviderNative, app.ProviderHost)...)
	}
	return append(errs, oneOf(engine.Child("name"), a.Spec.ContainerEngine.Name, app.EngineMoby, app.EngineContainerd)...)
}

func containerKind() kind[containers.Container, *containers.Container] {
	return kind[containers.Container, *containers.Container]{
		group: containers.SchemeGroupVersion, plural: "containers", singular: "container", short: []string{"ctr"}, namespaced: true,
		newList: func() runtime.Object { return &containers.ContainerList{} },
		columns: []metav1.TableColumnDefinition{
			column("Container", "name in the engine"), column("Image", "what it was made from"), column("Status", "the engine's state"),
			column("Created", "by the engine's clock"), wideColumn("Ports", "published ports"),
			wideColumn("Project", "compose project"), wideColumn("Exit", "exit code of the first process"),
		},
		cells: func(c *containers.Container) []any {
			return []any{c.Status.Name, c.Status.Image, string(c.Status.Status), age(c.Status.CreatedAt), ports(c.Status.Ports), c.Status.ComposeProject, fmt.Sprint(c.Status.ExitCode)}
		},
		selectable: func(c *containers.Container) fields.Set {
			return fields.Set{
				"status.name": c.Status.Name, "status.id": c.Status.ID, "status.status": string(c.Status.Status),
				"status.image": c.Status.Image, "status.composeProject": c.Status.ComposeProject,
			}
		},
		validate:  validateContainer,
		setStatus: func(to, from *containers.Container) { to.Status = from.Status },
		setSpec:   func(to, from *containers.Container) { to.Spec = from.Spec },
		sameSpec:  func(a, b *containers.Container) bool { return a.Spec == b.Spec },
	}
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

// ports writes what docker ps writes: 0.0.0.0:8080->80/tcp.
func ports(all []containers.Port) string {
	var out []string
	for _, p := range all {
		if len(p.Bindings) == 0 {
			out = append(out, p.Name)
		}
		for _, b := range p.Bindings {
			out = append(out, fmt.Sprintf("%s:%d->%s", b.HostIP, b.HostPort, p.Name))
		}
	}
	return strings.Join(out, ", ")
}

func imageKind() kind[containers.Image, *containers.Image] {
	return kind[containers.Image, *containers.Image]{
		group: containers.SchemeGroupVersion, plural: "images", singular: "image", short: []string{"img"}, namespaced: true,
		newList: func() runtime.Object { return &containers.ImageList{} },
		columns: []metav1.TableColumnDefinition{
			column("Tag", "repository and tag"), column("ID", "short ID in the engine"), column("Size", "in megabytes"),
			column("Created", "when it was built"), wideColumn("Dangling", "whether it has no tag"),
		},
		cells: func(i *containers.Image) []any {
			tag := i.Status.RepoTag
			if tag == "" {
				tag = "<none>"
			}
			return []any{tag, shortID(i.Status.ID), fmt.Sprintf("%.1f MB", float64(i.Status.Size)/1e6), age(i.Status.CreatedAt), yesNo(i.Status.Dangling)}
		},
		selectable: func(i *containers.Image) fields.Set {
			return fields.Set{"status.repoTag": i.Status.RepoTag, "status.id": i.Status.ID, "status.dangling": yesNo(i.Status.Dangling)}
		},
		setStatus: func(to, from *containers.Image) { to.Status = from.Status },
	}
}

func volumeKind() kind[containers.Volume, *containers.Volume] {
	return kind[containers.Volume, *containers.Volume]{
		group: containers.SchemeGroupVersion, plural: "volumes", singular: "volume", short: []string{"vol"}, namespaced: true,
		newList: func() runtime.Object { return &containers.VolumeList{} },
		columns: []metav1.TableColumnDefinition{
			column("Volume", "name in the engine"), column("Driver", "who keeps the data"), column("Created", "by the engine's clock"),
			wideColumn("Mountpoint", "on the engine's machine"),
		},
		cells: func(v *containers.Volume) []any {
			return []any{v.Status.Name, v.Status.Driver, age(v.Status.CreatedAt), v.Status.Mountpoint}
		},
		selectable: func(v *containers.Volume) fields.Set {
			return fields.Set{"status.name": v.Status.Name, "status.driver": v.Status.Driver}
		},
		setStatus: func(to, from *containers.Volume) { to.Status = from.Status },
	}
}

func containerNamespaceKind() kind[containers.ContainerNamespace, *containers.ContainerNamespace] {
	return kind[containers.ContainerNamespace, *containers.ContainerNamespace]{
		group: containers.SchemeGroupVersion, plural: "containernamespaces", singular: "containernamespace", short: []string{"cns"}, namespaced: true,
		newList:   func() runtime.Object { return &containers.ContainerNamespaceList{} },
		columns:   []metav1.TableColumnDefinition{column("Namespace", "name in the engine")},
		cells:     func(n *containers.ContainerNamespace) []any { return []any{n.Status.Name} },
		setStatus: func(to, from *containers.ContainerNamespace) { to.Status = from.Status },
	}
}
