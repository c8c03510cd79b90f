package apiserver

import (
	"fmt"
	"strconv"
	"strings"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	app "github.com/berth-desktop/berth/backend/api/app/v1alpha1"
	containers "github.com/berth-desktop/berth/backend/api/containers/v1alpha1"
)

func appKind(h Host) kind[app.App, *app.App] {
	return kind[app.App, *app.App]{
		group: app.SchemeGroupVersion, plural: "apps", singular: "app", kept: true,
		newList: func() runtime.Object { return &app.AppList{} },
		items:   func(l runtime.Object) []app.App { return l.(*app.AppList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Wanted", "whether the engine should run"),
			column("Provider", "who houses the engine"),
			column("Running", "whether the machine is up"),
			column("Ready", "whether the engine can be used"),
			column("Settled", "whether everything agrees with what is wanted"),
			wideColumn("Reason", "why it is settled, or is not"),
			wideColumn("Endpoint", "where docker clients reach the engine"),
			wideColumn("Version", "the engine's version"),
		},
		cells: func(a *app.App) []any {
			running, _ := condition(a.Status.Conditions, app.ConditionRunning)
			ready, _ := condition(a.Status.Conditions, app.ConditionContainerEngineReady)
			settled, reason := condition(a.Status.Conditions, app.ConditionSettled)
			var engine app.EngineStatus
			if a.Status.Engine != nil {
				engine = *a.Status.Engine
			}
			provider := string(a.Spec.ContainerEngine.Provider)
			return []any{strconv.FormatBool(a.Spec.Running), provider, running, ready, settled, reason, engine.Endpoint, engine.Version}
		},
		validate:  func(a, old *app.App) field.ErrorList { return validateApp(a, old, h) },
		setStatus: func(to, from *app.App) { to.Status = from.Status },
		sameSpec:  func(a, b *app.App) bool { return apiequality.Semantic.DeepEqual(a.Spec, b.Spec) },
	}
}

func activityKind() kind[app.Activity, *app.Activity] {
	return kind[app.Activity, *app.Activity]{
		group: app.SchemeGroupVersion, plural: "activities", singular: "activity", short: []string{"act"}, readOnly: true,
		newList: func() runtime.Object { return &app.ActivityList{} },
		items:   func(l runtime.Object) []app.Activity { return l.(*app.ActivityList).Items },
		columns: []metav1.TableColumnDefinition{
			column("When", "time since it was observed"),
			column("Kind", "what it happened to"),
			column("Title", "what people call it"),
			column("Reason", "what happened"),
			column("Message", "more about it"),
			wideColumn("By", "which face asked for it"),
		},
		cells: func(a *app.Activity) []any {
			s := a.Status
			at := metav1.NewTime(s.At.Time)
			return []any{since(&at), s.Kind, s.Title, s.Reason, s.Message, s.By}
		},
		selectable: func(a *app.Activity) fields.Set {
			s := a.Status
			return fields.Set{"status.kind": s.Kind, "status.object": s.Object, "status.reason": s.Reason, "status.severity": string(s.Severity)}
		},
		setStatus: func(to, from *app.Activity) { to.Status = from.Status },
	}
}

func containerKind() kind[containers.Container, *containers.Container] {
	return kind[containers.Container, *containers.Container]{
		group: containers.SchemeGroupVersion, plural: "containers", singular: "container", short: []string{"ctr"}, namespaced: true,
		newList: func() runtime.Object { return &containers.ContainerList{} },
		items:   func(l runtime.Object) []containers.Container { return l.(*containers.ContainerList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Container", "name in the engine"),
			column("Image", "what it was made from"),
			column("Status", "the engine's state"),
			column("Created", "time since, by the engine's clock"),
			wideColumn("Ports", "exposed and published ports"),
			wideColumn("Project", "compose project"),
			wideColumn("Exit", "exit code of the first process"),
		},
		cells: func(c *containers.Container) []any {
			s := c.Status
			return []any{s.Name, s.Image, string(s.Status), since(s.CreatedAt), ports(s.Ports), s.ComposeProject, exitCode(s)}
		},
		selectable: func(c *containers.Container) fields.Set {
			return fields.Set{
				"status.name": c.Status.Name, "status.id": c.Status.ID, "status.status": string(c.Status.Status),
				"status.image": c.Status.Image, "status.composeProject": c.Status.ComposeProject,
			}
		},
		validate:  validateContainer,
		setStatus: func(to, from *containers.Container) { to.Status = from.Status },
		sameSpec:  func(a, b *containers.Container) bool { return apiequality.Semantic.DeepEqual(a.Spec, b.Spec) },
	}
}

func imageKind() kind[containers.Image, *containers.Image] {
	return kind[containers.Image, *containers.Image]{
		group: containers.SchemeGroupVersion, plural: "images", singular: "image", short: []string{"img"}, namespaced: true,
		newList: func() runtime.Object { return &containers.ImageList{} },
		items:   func(l runtime.Object) []containers.Image { return l.(*containers.ImageList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Tag", "repository and tag"),
			column("ID", "short ID in the engine"),
			column("Size", "on the engine's disk"),
			column("Created", "time since it was built"),
			wideColumn("Dangling", "whether it has no tag"),
			wideColumn("Used by", "containers that were made from it"),
		},
		cells: func(i *containers.Image) []any {
			s := i.Status
			return []any{orNone(s.RepoTag), shortID(s.ID), size(s.Size), since(s.CreatedAt), strconv.FormatBool(s.Dangling), strings.Join(s.InUseBy, ", ")}
		},
		selectable: func(i *containers.Image) fields.Set {
			return fields.Set{
				"status.repoTag": i.Status.RepoTag, "status.id": i.Status.ID, "status.dangling": strconv.FormatBool(i.Status.Dangling),
			}
		},
		setStatus: func(to, from *containers.Image) { to.Status = from.Status },
	}
}

func volumeKind() kind[containers.Volume, *containers.Volume] {
	return kind[containers.Volume, *containers.Volume]{
		group: containers.SchemeGroupVersion, plural: "volumes", singular: "volume", short: []string{"vol"}, namespaced: true,
		newList: func() runtime.Object { return &containers.VolumeList{} },
		items:   func(l runtime.Object) []containers.Volume { return l.(*containers.VolumeList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Volume", "name in the engine"),
			column("Driver", "who keeps the data"),
			column("Created", "time since, by the engine's clock"),
			wideColumn("Mountpoint", "on the engine's machine"),
			wideColumn("Project", "compose project"),
			wideColumn("Used by", "containers that mount it"),
		},
		cells: func(v *containers.Volume) []any {
			s := v.Status
			return []any{s.Name, s.Driver, since(s.CreatedAt), s.Mountpoint, s.ComposeProject, strings.Join(s.InUseBy, ", ")}
		},
		selectable: func(v *containers.Volume) fields.Set {
			return fields.Set{"status.name": v.Status.Name, "status.driver": v.Status.Driver, "status.composeProject": v.Status.ComposeProject}
		},
		setStatus: func(to, from *containers.Volume) { to.Status = from.Status },
	}
}

func networkKind() kind[containers.Network, *containers.Network] {
	return kind[containers.Network, *containers.Network]{
		group: containers.SchemeGroupVersion, plural: "networks", singular: "network", short: []string{"net"}, namespaced: true,
		newList: func() runtime.Object { return &containers.NetworkList{} },
		items:   func(l runtime.Object) []containers.Network { return l.(*containers.NetworkList).Items },
		columns: []metav1.TableColumnDefinition{
			column("Network", "name in the engine"),
			column("Driver", "who carries the traffic"),
			column("Scope", "how far it reaches"),
			column("Members", "how many containers are connected"),
			column("Created", "time since, by the engine's clock"),
			wideColumn("Subnets", "where its addresses are from"),
			wideColumn("Project", "compose project"),
		},
		cells: func(n *containers.Network) []any {
			s := n.Status
			return []any{s.Name, s.Driver, s.Scope, strconv.Itoa(len(s.Members)), since(s.CreatedAt), subnets(s.Subnets), s.ComposeProject}
		},
		selectable: func(n *containers.Network) fields.Set {
			return fields.Set{
				"status.name": n.Status.Name, "status.id": n.Status.ID, "status.driver": n.Status.Driver,
				"status.composeProject": n.Status.ComposeProject,
			}
		},
		keep: func(n *containers.Network) error {
			if n.Status.BuiltIn {
				return fmt.Errorf("the network %q is a part of the engine and can't be deleted", n.Status.Name)
			}
			return nil
		},
		setStatus: func(to, from *containers.Network) { to.Status = from.Status },
	}
}

func containerNamespaceKind() kind[containers.ContainerNamespace, *containers.ContainerNamespace] {
	return kind[containers.ContainerNamespace, *containers.ContainerNamespace]{
		group: containers.SchemeGroupVersion, plural: "containernamespaces", singular: "containernamespace", short: []string{"cns"}, namespaced: true,
		newList: func() runtime.Object { return &containers.ContainerNamespaceList{} },
		items: func(l runtime.Object) []containers.ContainerNamespace {
			return l.(*containers.ContainerNamespaceList).Items
		},
		columns: []metav1.TableColumnDefinition{column("Namespace", "name in the engine")},
		cells:   func(n *containers.ContainerNamespace) []any { return []any{n.Status.Name} },
		setStatus: func(to, from *containers.ContainerNamespace) {
			to.Status = from.Status
		},
	}
}
